package dev.tenon.api;

import java.util.List;

/// The dtype in which operands of several dtypes meet, by PyTorch's rule: tensors with axes decide; scalar tensors, and
/// below them plain numbers, only matter where they are of a higher category (bool, integral, floating).
final class Promotion {
    private Promotion() {}

    static DType of(Tensor x) {
        return x.dtype();
    }

    static DType of(Tensor a, Tensor b) {
        DType x = a.dtype();
        DType y = b.dtype();
        if (x == y) {
            return x;
        }
        boolean xAxes = a.rank() > 0;
        boolean yAxes = b.rank() > 0;
        return xAxes == yAxes ? DType.promote(x, y) : xAxes ? combine(x, y) : combine(y, x);
    }

    static DType of(List<Tensor> in) {
        DType axes = null;
        DType scalars = null;
        for (Tensor t : in) {
            if (t.rank() > 0) {
                axes = axes == null ? t.dtype() : DType.promote(axes, t.dtype());
            } else {
                scalars = scalars == null ? t.dtype() : DType.promote(scalars, t.dtype());
            }
        }
        if (axes == null || scalars == null) {
            return axes != null ? axes : scalars != null ? scalars : DType.F32;
        }
        return combine(axes, scalars);
    }

    static DType withFloat(Tensor x) {
        return combine(x.dtype(), DType.F32);
    }

    static DType withInteger(Tensor x) {
        return combine(x.dtype(), DType.I64);
    }

    private static DType combine(DType higher, DType lower) {
        if (higher.isFloating()) {
            return higher;
        }
        return higher == DType.BOOL || lower.isFloating() ? DType.promote(higher, lower) : higher;
    }
}
