package dev.tenon.examples;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;

/// A graph of three operations, and the gradients of its result: `a = x + y; b = a + z; c = sum(b)`.
public final class FirstGraph {
    private FirstGraph() {}

    /// What came out.
    ///
    /// @param c the sum
    /// @param x the gradient for x
    /// @param y the gradient for y
    /// @param z the gradient for z
    public record Result(Tensor c, Tensor x, Tensor y, Tensor z) {}

    /// Builds the graph on random x, y and z of shape [3, 4] and goes back through it.
    public static Result run() {
        Tensor x = Tensors.randn(3, 4).requiresGrad(true);
        Tensor y = Tensors.randn(3, 4).requiresGrad(true);
        Tensor z = Tensors.randn(3, 4).requiresGrad(true);

        Tensor a = x.add(y);
        Tensor b = a.add(z);
        Tensor c = b.sum();

        c.backward();
        return new Result(c, Examples.gradient(x), Examples.gradient(y), Examples.gradient(z));
    }

    /// Prints the sum and the gradients: all ones.
    public static void main(String... args) {
        Result r = run();
        System.out.println("c = " + r.c());
        System.out.println("dc/dx =\n" + r.x());
        System.out.println("dc/dy =\n" + r.y());
        System.out.println("dc/dz =\n" + r.z());
    }
}
