package dev.tenon.examples;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;

/// Graphs whose form depends on the data: `if` and `for` of Java are all it takes, because the graph is what was
/// computed.
public final class ControlFlow {
    private ControlFlow() {}

    /// `y = z > 0 ? x w1 : x w2`. Only the matrix that was used gets a gradient.
    public static Tensor conditional(double z, Tensor x, Tensor w1, Tensor w2) {
        return z > 0 ? x.mm(w1) : x.mm(w2);
    }

    /// `y_t = (y_(t-1) + x_t) * w` for every row x_t of x, from y_0.
    ///
    /// @return the last y
    public static Tensor loop(Tensor y0, Tensor x, Tensor w) {
        Tensor y = y0;
        for (long t = 0; t < x.size(0); t++) {
            y = y.add(x.select(0, t)).mul(w);
        }
        return y;
    }

    /// Prints the gradients of both.
    public static void main(String... args) {
        Tensor x = Tensors.randn(2, 3);
        Tensor w1 = Tensors.randn(3, 2).requiresGrad(true);
        Tensor w2 = Tensors.randn(3, 2).requiresGrad(true);
        conditional(10, x, w1, w2).sum().backward();
        System.out.println("z > 0: gradient of w1 =\n" + w1.grad() + "\nof w2: " + w2.grad());

        Tensor w = Tensors.randn(3).requiresGrad(true);
        loop(Tensors.zeros(3), Tensors.randn(4, 3), w).sum().backward();
        System.out.println("loop: gradient of w = " + w.grad());
    }
}
