package dev.tenon.nn.models;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Pools;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.BatchNormOptions;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import java.util.List;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/// GoogLeNet (Inception v1) with batch normalisation, for `[n, 3, 224, 224]`. Auxiliary classifiers, if there are any,
/// work in training only, see [#callWithAuxiliary(Tensor)].
///
/// The branch of 5 x 5 has 3 x 3, as the published weights want it. Weights start with normal numbers of deviation 0.01
/// within ± 2.
///
/// Source: Szegedy et al., "Going Deeper with Convolutions", 2015, table 1.
public final class GoogLeNet extends Module {
    /// What the network gives in training.
    ///
    /// @param logits of the main classifier
    /// @param aux1 of the first auxiliary classifier, or null
    /// @param aux2 of the second auxiliary classifier, or null
    public record Output(Tensor logits, @Nullable Tensor aux1, @Nullable Tensor aux2) {
        /// The paper's loss: that of the main classifier and 0.3 times that of each auxiliary one.
        public Tensor loss(BinaryOperator<Tensor> criterion, Tensor target) {
            Tensor sum = criterion.apply(logits, target);
            for (Tensor aux : aux1 == null || aux2 == null ? List.<Tensor>of() : List.of(aux1, aux2)) {
                sum = sum.add(criterion.apply(aux, target).mul(0.3));
            }
            return sum;
        }
    }

    private final boolean transformInput;
    private final Sequential toAux1;
    private final Sequential toAux2;
    private final Sequential toEnd;
    private final @Nullable Auxiliary aux1;
    private final @Nullable Auxiliary aux2;
    private final AdaptiveAvgPool2d avgpool;
    private final Dropout dropout;
    private final Linear fc;

    /// A network without auxiliary classifiers, for 1000 classes unless the options say otherwise.
    public GoogLeNet(ModelOptions options) {
        this(options, false, false);
    }

    /// A network.
    ///
    /// @param auxiliary whether there are auxiliary classifiers
    /// @param transformInput whether images are normalised by ImageNet's means and deviations and are brought to the
    ///     range from -1 to 1, which the published weights were trained with
    /// @throws IllegalArgumentException if images of other than 3 channels are to be transformed
    public GoogLeNet(ModelOptions options, boolean auxiliary, boolean transformInput) {
        if (transformInput && options.channels(3) != 3) {
            throw new IllegalArgumentException("GoogLeNet: " + options.inChannels()
                    + " channels: expected 3 for the transformation of the input");
        }
        this.transformInput = transformInput;
        int classes = options.classes(1000);
        // Chained for running, registered here under the names of the paper's table.
        this.toAux1 = new Sequential(
                register("conv1", new ConvNorm(options.channels(3), 64, 7, 2)),
                register("maxpool1", pool(3)),
                register("conv2", new ConvNorm(64, 64, 1, 1)),
                register("conv3", new ConvNorm(64, 192, 3, 1)),
                register("maxpool2", pool(3)),
                register("inception3a", new Inception(192, 64, 96, 128, 16, 32, 32)),
                register("inception3b", new Inception(256, 128, 128, 192, 32, 96, 64)),
                register("maxpool3", pool(3)),
                register("inception4a", new Inception(480, 192, 96, 208, 16, 48, 64)));
        this.toAux2 = new Sequential(
                register("inception4b", new Inception(512, 160, 112, 224, 24, 64, 64)),
                register("inception4c", new Inception(512, 128, 128, 256, 24, 64, 64)),
                register("inception4d", new Inception(512, 112, 144, 288, 32, 64, 64)));
        this.toEnd = new Sequential(
                register("inception4e", new Inception(528, 256, 160, 320, 32, 128, 128)),
                register("maxpool4", pool(2)),
                register("inception5a", new Inception(832, 256, 160, 320, 32, 128, 128)),
                register("inception5b", new Inception(832, 384, 192, 384, 48, 128, 128)));
        this.aux1 = auxiliary ? register("aux1", new Auxiliary(512, classes)) : null;
        this.aux2 = auxiliary ? register("aux2", new Auxiliary(528, classes)) : null;
        this.avgpool = register("avgpool", new AdaptiveAvgPool2d(1));
        this.dropout = register("dropout", new Dropout(0.2));
        this.fc = register("fc", new Linear(1024, classes));
        apply(m -> {
            if (m instanceof Conv2d c) {
                truncNormal(c.weight().get());
            } else if (m instanceof Linear l) {
                truncNormal(l.weight().get());
            }
        });
    }

    private static void truncNormal(Tensor weight) {
        Init.truncNormal(weight, 0, 0.01, -2, 2, Generator.getDefault());
    }

    private static MaxPool2d pool(int kernel) {
        return new MaxPool2d(kernel, new PoolOptions().stride(2).ceilMode(true));
    }

    /// The logits of the main classifier.
    @Override
    public Tensor forward(Tensor x) {
        return head(toEnd.call(toAux2.call(toAux1.call(transformed(x)))));
    }

    /// Runs the hooks and the network; in training, the auxiliary classifiers too.
    public Output callWithAuxiliary(Tensor x) {
        List<Tensor> out = callHooked(List.of(x), in -> {
            Tensor first = toAux1.call(transformed(in.getFirst()));
            Tensor second = toAux2.call(first);
            Tensor logits = head(toEnd.call(second));
            return aux1 == null || aux2 == null || !isTraining() ? List.of(logits)
                    : List.of(logits, aux1.call(first), aux2.call(second));
        });
        return out.size() == 1 ? new Output(out.getFirst(), null, null)
                : new Output(out.get(0), out.get(1), out.get(2));
    }

    private Tensor head(Tensor maps) {
        return fc.call(dropout.call(avgpool.call(maps).flatten(1, -1)));
    }

    private Tensor transformed(Tensor x) {
        if (!transformInput) {
            return x;
        }
        Tensor scale = perChannel(x, 0.229 / 0.5, 0.224 / 0.5, 0.225 / 0.5);
        return x.mul(scale).add(perChannel(x, (0.485 - 0.5) / 0.5, (0.456 - 0.5) / 0.5, (0.406 - 0.5) / 0.5));
    }

    private static Tensor perChannel(Tensor like, double... values) {
        return Tensors.of(values).to(like.dtype()).to(like.device()).reshape(3, 1, 1);
    }

    @Override
    protected String settings() {
        return "transformInput=" + transformInput;
    }

    /// A convolution with batch normalisation and ReLU.
    private static final class ConvNorm extends Module {
        private final Conv2d conv;
        private final BatchNorm2d bn;

        ConvNorm(int in, int out, int kernel, int stride) {
            conv = register("conv", Layers.conv(in, out, kernel, stride));
            bn = register("bn", new BatchNorm2d(out, new BatchNormOptions().epsilon(0.001)));
        }

        @Override
        public Tensor forward(Tensor x) {
            return bn.call(conv.call(x)).relu();
        }
    }

    /// Four branches side by side: 1 x 1; 1 x 1 and 3 x 3; 1 x 1 and "5 x 5"; a pool and 1 x 1. The paper's figure 2.
    private static final class Inception extends Module {
        Inception(int in, int one, int reduce3, int three, int reduce5, int five, int pool) {
            register("branch1", new ConvNorm(in, one, 1, 1));
            register("branch2", new Sequential(new ConvNorm(in, reduce3, 1, 1), new ConvNorm(reduce3, three, 3, 1)));
            register("branch3", new Sequential(new ConvNorm(in, reduce5, 1, 1), new ConvNorm(reduce5, five, 3, 1)));
            register("branch4", new Sequential(
                    new MaxPool2d(3, new PoolOptions().stride(1).padding(1).ceilMode(true)),
                    new ConvNorm(in, pool, 1, 1)));
        }

        @Override
        public Tensor forward(Tensor x) {
            return Tensors.cat(1, children().stream().map(branch -> branch.call(x)).toList());
        }
    }

    /// A classifier on maps from the middle of the network.
    private static final class Auxiliary extends Module {
        private final ConvNorm conv;
        private final Linear fc1;
        private final Linear fc2;
        private final Dropout dropout;

        Auxiliary(int in, int classes) {
            conv = register("conv", new ConvNorm(in, 128, 1, 1));
            fc1 = register("fc1", new Linear(128 * 4 * 4, 1024));
            fc2 = register("fc2", new Linear(1024, classes));
            dropout = register("dropout", new Dropout(0.7));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor maps = conv.call(Pools.adaptiveAvgPool(2, x, List.of(4, 4)));
            return fc2.call(dropout.call(fc1.call(maps.flatten(1, -1)).relu()));
        }
    }
}
