package dev.tenon.backend.cpu.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.ImmediateStream;
import dev.tenon.api.spi.Operand;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.CpuRuntime;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every function and random programs, over random layouts: the vector path, in blocks, against the scalar path, which
/// is given one element at a time.
class VectorAgainstScalarTest {
    private static final CpuRuntime VECTOR = new CpuRuntime(true);
    private static final CpuRuntime SCALAR = new CpuRuntime(false);
    private static final double[] SPECIAL = {
        0, -0.0, 1, -1, 0.5, -0.5, 2.5, 1e6, 1e-6, 1e30, -1e30, Double.NaN, Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY
    };

    private record At(DeviceMemory memory, long byteOffset) implements Operand {}

    private static At operand(long address) {
        return new At(new CpuMemory(address, Long.MAX_VALUE), 0);
    }

    private static long filled(Arena arena, TensorType t, Random r) {
        int b = t.dtype().bytes();
        long n = t.maxOffset() - t.minOffset() + 1;
        long at = arena.allocate(Math.max(1, n) * b, 64).address();
        for (long i = 0; i < n; i++) {
            if (t.dtype().isFloating()) {
                double v = r.nextInt(3) == 0 ? SPECIAL[r.nextInt(SPECIAL.length)] : r.nextGaussian() * 3;
                Values.putDouble(t.dtype(), at + i * b, v);
            } else {
                long v = r.nextInt(3) == 0 ? r.nextLong() : r.nextInt(7) - 3;
                Values.putLong(t.dtype(), at + i * b, t.dtype() == DType.BOOL ? v & 1 : v);
            }
        }
        return at - t.minOffset() * b;
    }

    /// The op's first results by the vector path, and element by element by the scalar path.
    private static void check(Op op, List<TensorType> in, double tolerance, Random r) {
        List<TensorType> out = op.infer(in);
        try (Arena arena = Arena.ofConfined()) {
            List<At> x = in.stream().map(t -> operand(filled(arena, t, r))).toList();
            long[] results = new long[2 * out.size()];
            for (int i = 0; i < results.length; i++) {
                TensorType t = out.get(i % out.size());
                results[i] = arena.allocate(Math.max(1, t.elements() * t.dtype().bytes()), 64).address();
            }
            for (int path = 0; path < 2; path++) {
                List<At> y = new ArrayList<>();
                for (int i = 0; i < out.size(); i++) {
                    y.add(operand(results[path * out.size() + i]));
                }
                CpuRuntime runtime = path == 0 ? VECTOR : SCALAR;
                runtime.prepare(op, in, out).orElseThrow().run(ImmediateStream.INSTANCE, x, y, null, op.scalars());
            }
            for (int i = 0; i < out.size(); i++) {
                compare(op, out.get(i), results[i], results[out.size() + i], tolerance);
            }
        }
    }

    private static void compare(Op op, TensorType t, long vector, long scalar, double tolerance) {
        int b = t.dtype().bytes();
        for (long i = 0; i < t.elements(); i++) {
            String what = op + " element " + i + " of " + t;
            if (t.dtype().isFloating()) {
                double e = Values.getDouble(t.dtype(), scalar + i * b);
                double g = Values.getDouble(t.dtype(), vector + i * b);
                boolean near = Math.abs(e - g) <= tolerance * Math.max(Math.abs(e), Double.MIN_NORMAL);
                assertTrue(Double.compare(e, g) == 0 || near, () -> what + ": expected " + e + ", got " + g);
            } else {
                assertEquals(Values.getLong(t.dtype(), scalar + i * b), Values.getLong(t.dtype(), vector + i * b), what);
            }
        }
    }

    /// A type of the given shape: contiguous, transposed, flipped, spread out or repeating.
    private static TensorType layout(DType dtype, Shape shape, Random r) {
        int rank = shape.rank();
        long[] strides = shape.contiguousStrides();
        switch (r.nextInt(5)) {
            case 0 -> {
                long n = 1;
                for (int a = 0; a < rank; a++) {
                    strides[a] = n;
                    n *= shape.dim(a);
                }
            }
            case 1 -> {
                for (int a = 0; a < rank; a++) {
                    strides[a] *= r.nextBoolean() ? -1 : 1;
                }
            }
            case 2 -> {
                for (int a = 0; a < rank; a++) {
                    strides[a] *= r.nextInt(1, 3);
                }
            }
            case 3 -> {
                for (int a = 0; a < rank; a++) {
                    strides[a] *= r.nextInt(2);
                }
            }
            default -> { }
        }
        return TensorType.of(dtype, shape, strides);
    }

    private static Shape shape(Random r) {
        long[] dims = new long[r.nextInt(4)];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = r.nextInt(6) == 0 ? r.nextInt(130, 300) : r.nextInt(1, 12);
        }
        return Shape.of(dims);
    }

    private static boolean takes(UnaryFn fn, Kind kind) {
        try {
            fn.result(kind);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean takes(BinaryFn fn, Kind kind) {
        try {
            fn.result(kind);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void functions(Kind kind) {
        Random r = new Random(kind.ordinal());
        DType d = kind.dtype();
        double tolerance = kind == Kind.F32 ? 0x1p-22 : 0x1p-50;
        for (UnaryFn fn : UnaryFn.values()) {
            if (takes(fn, kind)) {
                Expr e = new Expr.Unary(fn, Exprs.in(0, d));
                check(MapOp.of(fn.name(), Lambda.of(e, e.kind().dtype())), List.of(TensorType.of(d, Shape.of(299))),
                        tolerance, r);
            }
        }
        for (BinaryFn fn : BinaryFn.values()) {
            if (takes(fn, kind)) {
                Expr e = new Expr.Binary(fn, Exprs.in(0, d), Exprs.in(1, d));
                TensorType t = TensorType.of(d, Shape.of(299));
                check(MapOp.of(fn.name(), Lambda.of(e, e.kind().dtype())), List.of(t, t), tolerance, r);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void casts(DType from) {
        Random r = new Random(from.ordinal());
        for (DType to : DType.values()) {
            Expr e = new Expr.Cast(to, Exprs.in(0, from));
            check(MapOp.of("cast", Lambda.of(List.of(e, e), List.of(to, to.kind().dtype()))),
                    List.of(TensorType.of(from, Shape.of(301))), 0, r);
        }
    }

    /// An expression of functions that are exact, so that both paths must agree to the last bit.
    private static Expr expression(int depth, Kind kind, List<DType> in, Shape shape, Random r) {
        if (depth == 0) {
            int i = r.nextInt(in.size() + 2);
            if (i >= in.size()) {
                Expr index = new Expr.Index(r.nextInt(shape.rank() + 1) - 1);
                return i == in.size() ? Exprs.cast(kind.dtype(), index) : Exprs.constant(kind, (long) r.nextInt(2));
            }
            return Exprs.cast(kind.dtype(), Exprs.in(i, in.get(i)));
        }
        switch (r.nextInt(6)) {
            case 0 -> {
                return new Expr.Select(expression(depth - 1, Kind.BOOL, in, shape, r),
                        expression(depth - 1, kind, in, shape, r), expression(depth - 1, kind, in, shape, r));
            }
            case 1 -> {
                Kind other = Kind.values()[r.nextInt(5)];
                return Exprs.cast(kind.dtype(), Exprs.cast(DType.values()[r.nextInt(DType.values().length)],
                        expression(depth - 1, other, in, shape, r)));
            }
            case 2 -> {
                Expr e = expression(depth - 1, Kind.I64, in, shape, r);
                return Exprs.cast(kind.dtype(), new Expr.Random(e, expression(depth - 1, Kind.I64, in, shape, r),
                        new Expr.Index(-1), r.nextInt(4)));
            }
            default -> {
                BinaryFn fn = BinaryFn.values()[r.nextInt(BinaryFn.values().length)];
                boolean exact = fn != BinaryFn.POW && fn != BinaryFn.ATAN2 && fn != BinaryFn.NEXTAFTER;
                if (!exact || !takes(fn, kind) || fn.result(kind) != kind) {
                    return expression(depth - 1, kind, in, shape, r);
                }
                return new Expr.Binary(fn, expression(depth - 1, kind, in, shape, r),
                        expression(depth - 1, kind, in, shape, r));
            }
        }
    }

    @Test
    void programs() {
        for (int seed = 0; seed < 400; seed++) {
            Random r = new Random(seed);
            Shape shape = shape(r);
            List<DType> dtypes = new ArrayList<>();
            List<TensorType> in = new ArrayList<>();
            for (int i = r.nextInt(1, 4); i > 0; i--) {
                DType d = DType.values()[r.nextInt(DType.values().length)];
                dtypes.add(d);
                Shape s = shape;
                for (int a = 0; a < s.rank(); a++) {
                    s = r.nextInt(4) == 0 ? s.with(a, 1) : s;
                }
                in.add(layout(d, s, r));
            }
            List<Expr> outputs = new ArrayList<>();
            List<DType> results = new ArrayList<>();
            for (int i = r.nextInt(1, 4); i > 0; i--) {
                outputs.add(expression(r.nextInt(4), Kind.values()[r.nextInt(5)], dtypes, shape, r));
                results.add(DType.values()[r.nextInt(DType.values().length)]);
            }
            check(new MapOp("program", Lambda.of(outputs, results), shape, Scalars.NONE), in, 0, r);
        }
    }

    @Test
    void reductions() {
        for (int seed = 0; seed < 300; seed++) {
            Random r = new Random(seed);
            Shape shape = shape(r);
            DType d = DType.values()[r.nextInt(DType.values().length)];
            Reducer reducer = Reducer.values()[r.nextInt(Reducer.values().length)];
            List<Integer> axes = new ArrayList<>();
            for (int a = 0; a < shape.rank(); a++) {
                if (reducer.isArg() ? axes.isEmpty() : r.nextBoolean()) {
                    axes.add(a);
                }
            }
            if (reducer.isArg() && axes.isEmpty()) {
                continue;
            }
            boolean inexact = reducer == Reducer.SUM || reducer == Reducer.PROD;
            if (inexact && d.isFloating()) {
                continue; // the two paths round differently; OpsTest looks at the errors
            }
            check(new ReduceOp(reducer, axes, r.nextBoolean(), Lambda.identity(d), Scalars.NONE),
                    List.of(layout(d, shape, r)), 0, r);
        }
    }
}
