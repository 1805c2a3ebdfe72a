package dev.tenon.examples;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.autograd.Function;
import dev.tenon.autograd.FunctionContext;
import java.util.List;

/// A new operation written in two ways: as a plain method of other operations, each a node in the graph, and as a
/// [Function] with a gradient of its own, which is one node.
public final class SigmoidTwoWays {
    private SigmoidTwoWays() {}

    /// 1 / (1 + exp(-x)), of four operations that each know their gradient.
    public static Tensor sigmoid(Tensor x) {
        return x.neg().exp().add(1).reciprocal();
    }

    /// 1 / (1 + exp(-x)) with the gradient y (1 - y), which needs the result alone.
    public static final class Sigmoid extends Function {
        /// For one use or many: it has no state.
        public Sigmoid() {}

        @Override
        protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
            Tensor y = sigmoid(inputs.getFirst());
            ctx.saveForBackward(y);
            return List.of(y);
        }

        @Override
        protected List<Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
            Tensor y = ctx.saved(0);
            return List.of(gradOutputs.getFirst().mul(y).mul(y.rsub(1)));
        }
    }

    /// Values and gradients of one way.
    ///
    /// @param y the values
    /// @param gradient of their sum
    /// @param nodes how many nodes the graph has above x
    public record Result(Tensor y, Tensor gradient, int nodes) {}

    /// The plain method.
    public static Result asMethod(float... values) {
        Tensor x = Tensors.of(values).requiresGrad(true);
        return finish(x, sigmoid(x));
    }

    /// The function with its own gradient.
    public static Result asFunction(float... values) {
        Tensor x = Tensors.of(values).requiresGrad(true);
        return finish(x, new Sigmoid().apply(x));
    }

    private static Result finish(Tensor x, Tensor y) {
        int nodes = 0;
        // Up to the node that stands for x itself, which has no parents.
        for (var n = y.gradState().node(); n != null && !n.parents().isEmpty(); n = n.parents().getFirst()) {
            nodes++;
        }
        y.sum().backward();
        return new Result(y, Examples.gradient(x), nodes);
    }

    /// Prints both.
    public static void main(String... args) {
        float[] x = {-2, -1, 0, 1, 2};
        System.out.println("method:   " + asMethod(x));
        System.out.println("function: " + asFunction(x));
    }
}
