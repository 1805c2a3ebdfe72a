package dev.tenon.nn.activation;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Formula;
import dev.tenon.api.Formula.Rule;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Exprs;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import java.util.Arrays;

/// x where positive, elsewhere x times a slope that is learnt (He et al., 2015).
public final class PReLU extends Module {
    private static final Formula FORMULA = new Formula("prelu", Rule.FLOAT, a -> Exprs.select(
            Exprs.binary(BinaryFn.GT, a.x(0), a.c(0)), a.x(0), Exprs.mul(a.x(0), a.x(1))));

    private final Parameter weight;

    /// One slope for all, starting at 0.25.
    public PReLU() {
        this(1, 0.25);
    }

    /// A slope for each channel (axis 1), or one for all.
    ///
    /// @param count the number of channels, or 1
    /// @param initial where the slopes start
    public PReLU(long count, double initial) {
        try (Context.Mode _ = Context.unscoped()) {
            this.weight = registerParameter("weight",
                    Tensors.full(Shape.of(count), initial, DType.F32, Device.getDefault()));
        }
    }

    /// The slopes.
    public Parameter weight() {
        return weight;
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor slopes = weight.get();
        if (slopes.elements() > 1 && x.rank() > 2) {
            long[] dims = new long[x.rank() - 1];
            Arrays.fill(dims, 1);
            dims[0] = slopes.elements();
            slopes = slopes.reshape(dims);
        }
        return FORMULA.apply(x, slopes);
    }

    @Override
    protected String settings() {
        return "count=" + weight.elements();
    }
}
