package dev.tenon.nn.models;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Pools;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Linear;

/// LeNet-5, for `[n, 1, 28, 28]` with 10 classes unless the options say otherwise; images of at least 12 x 12.
///
/// Two convolutions, each followed by a pool that halves, and three linear maps. All maps of the first convolution lead
/// to all of the second, and the output is linear, as in all later renderings.
///
/// Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998.
public final class LeNet5 extends Module {
    /// What stands between the layers.
    public enum Style {
        /// Tanh and average pooling, as in the paper.
        CLASSIC,
        /// ReLU and maximum pooling, with which it learns faster.
        MODERN
    }

    private final Style style;
    private final Conv2d conv1;
    private final Conv2d conv2;
    private final Linear fc1;
    private final Linear fc2;
    private final Linear fc3;

    /// The network of the paper.
    public LeNet5() {
        this(Style.CLASSIC, new ModelOptions());
    }

    /// A network for other images or classes.
    ///
    /// @throws IllegalArgumentException if images are smaller than 12 x 12
    public LeNet5(Style style, ModelOptions options) {
        this.style = style;
        // Halved by a pool, four less by a convolution without margin, halved again.
        int h = (options.height(28) / 2 - 4) / 2;
        int w = (options.width(28) / 2 - 4) / 2;
        if (h < 1 || w < 1) {
            throw new IllegalArgumentException("LeNet5: images of " + options.height() + " x " + options.width()
                    + ": expected at least 12 x 12");
        }
        this.conv1 = register("conv1", new Conv2d(options.channels(1), 6, 5, new ConvOptions().padding(2)));
        this.conv2 = register("conv2", new Conv2d(6, 16, 5));
        this.fc1 = register("fc1", new Linear(16L * h * w, 120));
        this.fc2 = register("fc2", new Linear(120, 84));
        this.fc3 = register("fc3", new Linear(84, options.classes(10)));
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor maps = halve(activate(conv2.call(halve(activate(conv1.call(x))))));
        return fc3.call(activate(fc2.call(activate(fc1.call(maps.flatten(1, -1))))));
    }

    private Tensor activate(Tensor x) {
        return style == Style.CLASSIC ? x.tanh() : x.relu();
    }

    private Tensor halve(Tensor x) {
        return style == Style.CLASSIC ? Pools.avgPool2d(x, 2) : Pools.maxPool2d(x, 2);
    }

    @Override
    protected String settings() {
        return "style=" + style;
    }
}
