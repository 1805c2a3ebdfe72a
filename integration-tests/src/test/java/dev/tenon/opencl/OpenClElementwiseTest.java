package dev.tenon.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.UnaryFn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@EnabledIfSystemProperty(named = "tenon.test.opencl", matches = ".+", disabledReason = "asked for by its property:"
        + " its kernels for every dtype take minutes to compile")
class OpenClElementwiseTest {

    @BeforeAll
    static void device() {
        Twins.requireOpenCl();
    }

    /// The operand in layouts that take different paths.
    private static List<Tensor> layouts(Device d, DType dtype) {
        List<Tensor> all = new ArrayList<>();
        all.add(Twins.data(d, dtype, -1, 1000));
        all.add(Twins.data(d, dtype, -2, 7, 150).transpose(0, 1));
        all.add(Twins.data(d, dtype, -3, 4, 9, 200).narrow(2, 3, 160).narrow(1, 1, 5));
        all.add(Twins.data(d, dtype, -4, 5, 6, 7).flip(0, 2));
        all.add(Twins.data(d, dtype, -5, 3, 1, 5).expand(3, 4, 5));
        all.add(Twins.data(d, dtype, -6));
        return all;
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

    /// The functions in double precision are as good as the reference's; in single, a few units in the last place.
    private static double tolerance(DType dtype) {
        return dtype == DType.F64 ? 1e-12 : 2e-6;
    }

    private static MapOp all(List<Expr> values, DType dtype) {
        List<DType> dtypes = values.stream().map(e -> e.kind() == Kind.BOOL ? DType.BOOL : dtype).toList();
        return MapOp.of(values.toString(), Lambda.of(values, dtypes));
    }

    /// All functions are outputs of one kernel, because building kernels takes most of the time.
    @ParameterizedTest
    @EnumSource(DType.class)
    void unaryFunctions(DType dtype) {
        List<Expr> values = new ArrayList<>();
        for (UnaryFn fn : UnaryFn.values()) {
            if (takes(fn, dtype.kind()) && fn != UnaryFn.TAN) {
                values.add(new Expr.Unary(fn, Exprs.in(0, dtype)));
            }
        }
        if (!values.isEmpty()) {
            MapOp op = all(values, dtype);
            Twins.compare(dtype + " " + values, tolerance(dtype),
                    d -> Dispatcher.apply(op, List.of(Twins.data(d, dtype, -1, 1000))));
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void binaryFunctions(DType dtype) {
        List<Expr> values = new ArrayList<>();
        for (BinaryFn fn : BinaryFn.values()) {
            if (takes(fn, dtype.kind())) {
                values.add(new Expr.Binary(fn, Exprs.in(0, dtype), Exprs.in(1, dtype)));
            }
        }
        MapOp op = all(values, dtype);
        Twins.compare(dtype + " " + values, tolerance(dtype) * 10, d -> Dispatcher.apply(op,
                List.of(Twins.data(d, dtype, -1, 30, 40), Twins.data(d, dtype, -2, 30, 40))));
        if (dtype.isIntegral()) {
            Twins.compare(dtype + " small " + values, 0, d -> Dispatcher.apply(op, List.of(
                    Twins.data(d, dtype, 1, 20, 40), Tensors.arange(-10, 30, 1, dtype, Device.of("reference")).to(d))));
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F16", "BF16", "U8", "I64"})
    void layoutsOfOperands(DType dtype) {
        MapOp op = MapOp.of("twice", Lambda.of(Exprs.add(Exprs.in(0, dtype), Exprs.in(1, dtype)), dtype));
        Twins.compare("layouts " + dtype, 0, d -> layouts(d, dtype).stream()
                .map(x -> Dispatcher.run(op, x, Twins.data(d, dtype, 4, x.shape().toArray()))).toList());
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void casts(DType from) {
        List<Expr> values = new ArrayList<>();
        for (DType to : DType.values()) {
            values.add(new Expr.Cast(to, Exprs.in(0, from)));
        }
        MapOp op = MapOp.of("cast", Lambda.of(values, List.of(DType.values())));
        Twins.compare(from + " casts", 0, d -> {
            Tensor x = Twins.data(d, from, -7, 40, 30);
            List<Tensor> all = new ArrayList<>(Dispatcher.apply(op, List.of(x)));
            all.addAll(Dispatcher.apply(op, List.of(from.isFloating() && from != DType.F16 ? x.mul(1e12) : x)));
            return all;
        });
    }

    @Test
    void severalOutputsParametersAndPositions() {
        Expr x = Exprs.in(0, DType.F32);
        Expr scaled = Exprs.mul(x, new Expr.Param(Kind.F32, 0));
        Expr at = new Expr.Index(1);
        Expr whole = Exprs.add(new Expr.Index(-1), new Expr.Param(Kind.I64, 1));
        Lambda body = Lambda.of(
                List.of(scaled, at, whole, scaled), List.of(DType.F32, DType.I64, DType.I32, DType.F16));
        for (long value : new long[] {5, 6}) {
            Scalars scalars = Scalars.ofBits(Double.doubleToRawLongBits(value / 4.0), value);
            MapOp op = new MapOp("several", body, Shape.SCALAR, scalars);
            Twins.compare("several", 0, d -> Dispatcher.apply(op, List.of(Twins.data(d, DType.F32, 3, 5, 1, 300))));
            Twins.compare("several", 0, d -> Dispatcher.apply(op,
                    List.of(Twins.data(d, DType.F32, 3, 5, 7, 3).transpose(0, 2))));
        }
    }

    @Test
    void randomNumbersHaveTheSameBits() {
        Device cl = Device.of("opencl");
        Device reference = Device.of("reference");
        for (DType dtype : List.of(DType.F32, DType.F64)) {
            Tensor a = Tensors.uniform(Shape.of(999), 0, 1, dtype, reference, new Generator(42));
            Tensor b = Tensors.uniform(Shape.of(999), 0, 1, dtype, cl, new Generator(42));
            assertArrayEquals(a.toDoubleArray(), b.toDoubleArray());
        }
        Twins.compare("randint", 0, d -> List.of(Tensors.randint(-5, 1L << 40, Shape.of(100), d, new Generator(7))));
        Twins.compare("randn", 1e-5, d -> List.of(Tensors.randn(Shape.of(1000), DType.F32, d, new Generator(7))));
        Twins.compare("bernoulli", 0, d -> List.of(Tensors.bernoulli(Shape.of(100), 0.3, d, new Generator(9))));
    }

    @Test
    void updatesInPlaceAndWritesIntoViews() {
        Twins.compare("in place", 0, d -> {
            Tensor x = Twins.data(d, DType.F32, 1, 20, 30);
            x.narrow(0, 3, 5).add_(Twins.data(d, DType.F32, 2, 30));
            x.transpose(0, 1).mul_(2);
            return List.of(x);
        });
    }
}
