package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import java.util.ArrayList;
import java.util.List;

/// Conversions between all pairs of dtypes, as copies, as casts within a map and as what storing a result does.
public final class CastSamples {
    private static final double[] NUMBERS = {
        0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -1.5, 127, 128, 129, -128, -129, 255, 256, 257, 32767, 32768, -32769,
                65504,
        65519, 65520, 1e6, -1e6, 2147483647, 2147483648.0, -2147483648.0, -2147483649.0, 4e9, 9.2e18, 9.3e18, -9.3e18,
        1e30, -1e30, 1e38, 3.4e38, 1e300, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e-5, 6e-8,
        3e-8, 1e-40, 1.00048828125, 1.00146484375, 1.00390625, 1.01171875, 16777217, 33554433
    };

    private CastSamples() {}

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType from : DType.values()) {
            for (DType to : DType.values()) {
                s.addAll(pair(from, to));
            }
        }
        return s;
    }

    private static List<Sample> pair(DType from, DType to) {
        Input numbers = from.isFloating()
                ? Input.values(from, Shape.of(NUMBERS.length), NUMBERS)
                : Input.of(from, 53).from(Domain.SPECIAL);
        Input matrix = Input.of(from, 7, 33).from(Domain.WIDE);
        CopyOp copy = CopyOp.to(to);
        String v = "to " + to;
        List<Sample> s = new ArrayList<>();
        s.add(Sample.of("copy", from, v + " extremes", copy, Family.EXACT, numbers));
        s.addAll(Sample.of("copy", from, v, copy, Family.EXACT, matrix).inLayouts(Layout.TRANSPOSED, Layout.STEPPED,
                Layout.BROADCAST));
        s.add(Sample.of("copy", from, v + " empty", copy, Family.EXACT, Input.of(from, 2, 0)));
        s.add(Sample.of("copy", from, v + " scalar", copy, Family.EXACT, Input.of(from).in(Layout.OFFSET)));
        s.add(Sample.of("copy", from, v + " large", copy, Family.EXACT, Input.of(from, 4099).from(Domain.WIDE)));

        MapOp cast = MapOp.of("cast", Lambda.of(Exprs.in(0, from, to), to));
        s.add(Sample.of("cast", from, v + " extremes", cast, Family.EXACT, numbers));
        s.addAll(Sample.of("cast", from, v, cast, Family.EXACT, matrix).inLayouts(Layout.TRANSPOSED, Layout.STEPPED,
                Layout.BROADCAST));
        // Rounded to a narrow type in the middle of an expression, and then stored as another.
        DType wide = to.isFloating() ? DType.F64 : DType.I64;
        MapOp through = MapOp.of("cast", Lambda.of(Exprs.cast(wide, Exprs.in(0, from, to)), wide));
        s.add(Sample.of("cast", from, v + " and on", through, Family.EXACT, numbers));
        // A value of any kind is converted when it is stored.
        MapOp stored = MapOp.of("cast", Lambda.of(Exprs.in(0, from), to));
        s.add(Sample.of("cast", from, v + " stored", stored, Family.EXACT, numbers));
        return s;
    }
}
