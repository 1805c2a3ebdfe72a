package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.op.Op;
import java.util.ArrayList;
import java.util.List;

/// The shapes and layouts in which elementwise ops are tried.
final class Shapes {
    static final DType[] FLOATS = {DType.F64, DType.F32, DType.F16, DType.BF16};
    static final DType[] INTEGERS = {DType.I64, DType.I32, DType.I16, DType.I8, DType.U8};
    static final DType[] NUMBERS = {
        DType.F64, DType.F32, DType.F16, DType.BF16, DType.I64, DType.I32, DType.I16, DType.I8, DType.U8
    };

    private Shapes() {}

    /// All layouts for the dtypes that differ in how they are computed, two for those that only differ in size.
    static Layout[] layouts(DType d) {
        return switch (d) {
            case F64, F32, F16, I64, I32, BOOL -> Layout.STRIDED;
            default -> new Layout[] {Layout.TRANSPOSED, Layout.STEPPED};
        };
    }

    /// One operand: every layout, odd sizes, nothing, a scalar, axes of extent 1.
    static List<Sample> unary(String name, DType d, Op op, Family family, Domain domain, boolean special) {
        Input x = Input.of(d, 7, 33).from(domain);
        List<Sample> s = new ArrayList<>(Sample.of(name, d, "", op, family, x).inLayouts(layouts(d)));
        s.add(Sample.of(name, d, "large", op, family, Input.of(d, 4099).from(domain).seed(2)));
        s.add(Sample.of(name, d, "large flipped", op, family, Input.of(d, 1023).from(domain).in(Layout.FLIPPED)));
        s.add(Sample.of(name, d, "empty", op, family, Input.of(d, 0, 3)));
        s.add(Sample.of(name, d, "scalar", op, family, Input.of(d).from(domain).in(Layout.OFFSET)));
        s.add(Sample.of(name, d, "ones", op, family, Input.of(d, 1, 5, 1).from(domain).in(Layout.STEPPED)));
        if (special) {
            s.add(Sample.of(name, d, "special", op, family, Input.of(d, 43).from(Domain.SPECIAL)));
        }
        return s;
    }

    /// Two operands: every layout, every way of broadcasting, odd sizes.
    static List<Sample> binary(String name, DType d, Op op, Family family, Domain a, Domain b, boolean special) {
        Input x = Input.of(d, 7, 33).from(a);
        Input y = Input.of(d, 7, 33).from(b).seed(3);
        List<Sample> s = new ArrayList<>(Sample.of(name, d, "", op, family, x, y).inLayouts(layouts(d)));
        s.add(Sample.of(name, d, "mixed", op, family, x.in(Layout.TRANSPOSED), y.in(Layout.STEPPED)));
        s.add(Sample.of(name, d, "row", op, family, x, Input.of(d, 33).from(b)));
        s.add(Sample.of(name, d, "column", op, family, x, Input.of(d, 7, 1).from(b)));
        s.add(Sample.of(name, d, "with scalar", op, family, Input.of(d).from(a), y));
        s.add(Sample.of(name, d, "outer", op, family, Input.of(d, 5, 1, 9).from(a), Input.of(d, 4, 1).from(b)));
        s.add(Sample.of(name, d, "large", op, family, Input.of(d, 4099).from(a), Input.of(d, 4099).from(b).seed(4)));
        s.add(Sample.of(name, d, "empty", op, family, Input.of(d, 0, 3), Input.of(d, 1, 3)));
        s.add(Sample.of(name, d, "scalars", op, family, Input.of(d).from(a), Input.of(d).from(b).seed(5)));
        if (special) {
            for (int seed = 1; seed < (d.bytes() < 4 ? 3 : 8); seed++) {
                s.add(Sample.of(name, d, "special " + seed, op, family,
                        Input.of(d, 37).from(Domain.SPECIAL).seed(seed), Input.of(d, 37).from(Domain.SPECIAL).seed(7)));
            }
        }
        return s;
    }
}
