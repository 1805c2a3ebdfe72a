package dev.tenon.nn;

import static dev.tenon.nn.LayerChecks.normal;

import dev.tenon.api.Context;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.nn.layer.AlphaDropout;
import dev.tenon.nn.layer.BatchNorm1d;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.BatchNorm3d;
import dev.tenon.nn.layer.BatchNormOptions;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Dropout1d;
import dev.tenon.nn.layer.Dropout2d;
import dev.tenon.nn.layer.Dropout3d;
import dev.tenon.nn.layer.FeatureAlphaDropout;
import dev.tenon.nn.layer.GroupNorm;
import dev.tenon.nn.layer.InstanceNorm1d;
import dev.tenon.nn.layer.InstanceNorm2d;
import dev.tenon.nn.layer.InstanceNorm3d;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.layer.LocalResponseNorm;
import dev.tenon.nn.layer.RMSNorm;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/// Layers that do other things in training than in evaluation, and the norms.
final class NormGradientCases {
    private static final Tensor LINE = normal(31, 3, 2, 3);
    private static final Tensor PLANE = normal(32, 2, 2, 2, 2);
    private static final Tensor CUBE = normal(33, 2, 2, 2, 1, 2);

    private NormGradientCases() {}

    static List<GradientCase> all() {
        List<GradientCase> all = new ArrayList<>();
        batchNorms(all);
        otherNorms(all);
        dropouts(all);
        return all;
    }

    /// In training, and in evaluation with the running statistics that two batches have left.
    private static void both(List<GradientCase> to, Function<BatchNormOptions, Module> layer, Tensor x) {
        for (BatchNormOptions o : List.of(new BatchNormOptions(), new BatchNormOptions().affine(false).epsilon(0.1),
                new BatchNormOptions().trackRunningStats(false))) {
            to.add(GradientCase.of(layer.apply(o), x));
            Module evaluated = layer.apply(o).to(x.dtype());
            try (Context.Mode _ = Context.noGrad()) {
                evaluated.call(x.mul(2).add(0.5));
                evaluated.call(x.sub(0.3));
            }
            to.add(GradientCase.of(evaluated.eval(), x));
        }
    }

    private static void batchNorms(List<GradientCase> to) {
        both(to, o -> new BatchNorm1d(2, o), LINE);
        both(to, o -> new BatchNorm1d(3, o), normal(34, 4, 3));
        both(to, o -> new BatchNorm2d(2, o), PLANE);
        both(to, o -> new BatchNorm3d(2, o), CUBE);
        both(to, o -> new InstanceNorm1d(2, o), LINE);
        both(to, o -> new InstanceNorm2d(2, o), PLANE);
        both(to, o -> new InstanceNorm3d(2, o), CUBE);
    }

    private static void otherNorms(List<GradientCase> to) {
        to.add(GradientCase.of(new LayerNorm(3), LINE));
        to.add(GradientCase.of(new LayerNorm(Shape.of(2, 3), 0.1, false, false), LINE));
        to.add(GradientCase.of(new LayerNorm(Shape.of(2, 3), 1e-5, true, false), LINE));
        to.add(GradientCase.of(new GroupNorm(2, 4), normal(35, 2, 4, 3)));
        to.add(GradientCase.of(new GroupNorm(1, 2, 0.1, false), PLANE));
        to.add(GradientCase.of(new RMSNorm(2, 3), LINE));
        to.add(GradientCase.of(new RMSNorm(Shape.of(3), OptionalDouble.of(0.1), false), LINE));
        to.add(GradientCase.of(new LocalResponseNorm(3, 0.5, 0.75, 2), normal(36, 2, 4, 2)));
    }

    private static void dropout(List<GradientCase> to, Function<Generator, Module> layer, Tensor x) {
        Module random = layer.apply(new Generator(9));
        // A generator that starts anew drops the same elements each time.
        to.add(new GradientCase(random, in -> layer.apply(new Generator(9)).call(in.getFirst()), x));
        to.add(GradientCase.of(layer.apply(new Generator(9)).eval(), x));
    }

    private static void dropouts(List<GradientCase> to) {
        dropout(to, g -> new Dropout(0.4, g), LINE);
        dropout(to, g -> new Dropout1d(0.4, g), LINE);
        dropout(to, g -> new Dropout2d(0.4, g), PLANE);
        dropout(to, g -> new Dropout3d(0.4, g), CUBE);
        dropout(to, g -> new AlphaDropout(0.4, g), LINE);
        dropout(to, g -> new FeatureAlphaDropout(0.4, g), PLANE);
    }
}
