package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.GroupNorms;

/// Local response normalisation of `[n, c, ...]`: x / (k + alpha m)^beta with m the mean of the squares over
/// neighbouring channels (Krizhevsky, Sutskever and Hinton, 2012).
public final class LocalResponseNorm extends Module {
    private final int size;
    private final double alpha;
    private final double beta;
    private final double k;

    /// With alpha 1e-4, beta 0.75 and k 1.
    public LocalResponseNorm(int size) {
        this(size, 1e-4, 0.75, 1);
    }

    /// @param size the number of channels that count
    public LocalResponseNorm(int size, double alpha, double beta, double k) {
        this.size = size;
        this.alpha = alpha;
        this.beta = beta;
        this.k = k;
    }

    @Override
    public Tensor forward(Tensor x) {
        return GroupNorms.localResponseNorm(x, size, alpha, beta, k);
    }

    @Override
    protected String settings() {
        return size + ", alpha=" + alpha + ", beta=" + beta + ", k=" + k;
    }
}
