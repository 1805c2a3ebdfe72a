package dev.tenon.examples;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.Batch;
import dev.tenon.data.DataLoader;
import dev.tenon.data.TensorDataset;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.loss.MSELoss;
import dev.tenon.nn.optim.SGD;

/// A net of two layers, `y = relu(x w1) w2`, fitted to random numbers by gradient descent on the sum of squared errors,
/// written three times: with the gradients worked out by hand, with the gradients left to the framework, and with
/// modules, an optimiser and a data loader. All three compute the same.
public final class TwoLayerNet {
    private static final int N = 64;
    private static final int IN = 1000;
    private static final int HIDDEN = 100;
    private static final int OUT = 10;
    private static final double LR = 1e-6;

    private TwoLayerNet() {}

    /// The numbers that all three start from.
    private record Problem(Tensor x, Tensor y, Tensor w1, Tensor w2) {
        static Problem of(long seed) {
            Device device = Device.getDefault();
            Generator g = new Generator(seed);
            return new Problem(
                Tensors.randn(Shape.of(N, IN), DType.F32, device, g),
                Tensors.randn(Shape.of(N, OUT), DType.F32, device, g),
                Tensors.randn(Shape.of(IN, HIDDEN), DType.F32, device, g),
                Tensors.randn(Shape.of(HIDDEN, OUT), DType.F32, device, g));
        }
    }

    /// Tensors alone: the chain rule by hand.
    ///
    /// @return the loss before each step
    public static double[] byHand(long seed, int steps) {
        Problem p = Problem.of(seed);
        double[] losses = new double[steps];
        for (int step = 0; step < steps; step++) {
            try (Scope _ = Scope.open()) {
                Tensor h = p.x.mm(p.w1);
                Tensor hRelu = h.clampMin(0);
                Tensor error = hRelu.mm(p.w2).sub(p.y);
                losses[step] = error.square().sum().item();

                Tensor gradPrediction = error.mul(2.0);
                Tensor gradW2 = hRelu.t().mm(gradPrediction);
                Tensor gradHRelu = gradPrediction.mm(p.w2.t());
                Tensor gradH = gradHRelu.maskedFill(h.lt(0.0), 0);
                Tensor gradW1 = p.x.t().mm(gradH);

                p.w1.sub_(gradW1.mul(LR));
                p.w2.sub_(gradW2.mul(LR));
            }
        }
        return losses;
    }

    /// The same with `backward()`.
    ///
    /// @return the loss before each step
    public static double[] withAutograd(long seed, int steps) {
        Problem p = Problem.of(seed);
        p.w1.requiresGrad(true);
        p.w2.requiresGrad(true);
        double[] losses = new double[steps];
        for (int step = 0; step < steps; step++) {
            try (Scope _ = Scope.open()) {
                Tensor loss = p.x.mm(p.w1).clampMin(0).mm(p.w2).sub(p.y).square().sum();
                losses[step] = loss.item();
                loss.backward();
                try (Context.Mode _ = Context.noGrad()) {
                    p.w1.sub_(Examples.gradient(p.w1).mul(LR));
                    p.w2.sub_(Examples.gradient(p.w2).mul(LR));
                }
                p.w1.setGrad(null);
                p.w2.setGrad(null);
            }
        }
        return losses;
    }

    /// The same with modules, an optimiser and a loader that gives all samples as one batch.
    ///
    /// @return the loss before each step
    public static double[] withModules(long seed, int steps) {
        Problem p = Problem.of(seed);
        Linear fc1 = new Linear(IN, HIDDEN, false);
        Linear fc2 = new Linear(HIDDEN, OUT, false);
        try (Context.Mode _ = Context.noGrad()) {
            fc1.weight().get().copy_(p.w1.t());
            fc2.weight().get().copy_(p.w2.t());
        }
        Sequential model = new Sequential(fc1, new ReLU(), fc2);
        SGD optimizer = new SGD(model.parameters(), LR);
        MSELoss criterion = new MSELoss(Reduction.SUM);
        double[] losses = new double[steps];
        try (DataLoader loader = DataLoader.builder(new TensorDataset(p.x, p.y)).batchSize(N).build()) {
            for (int step = 0; step < steps; step++) {
                try (Scope _ = Scope.open()) {
                    for (Batch batch : loader.epoch(step)) {
                        Tensor loss = criterion.call(model.call(batch.input()), batch.target());
                        losses[step] = loss.item();
                        optimizer.zeroGrad();
                        loss.backward();
                        optimizer.step();
                    }
                }
            }
        }
        return losses;
    }

    /// Prints the first and last losses of each way.
    public static void main(String... args) {
        int steps = 500;
        print("by hand ", byHand(1, steps));
        print("autograd", withAutograd(1, steps));
        print("modules ", withModules(1, steps));
    }

    private static void print(String way, double[] losses) {
        System.out.printf("%s: loss %.3f at first, %.6g after %d steps%n", way, losses[0], losses[losses.length - 1],
            losses.length - 1);
    }
}
