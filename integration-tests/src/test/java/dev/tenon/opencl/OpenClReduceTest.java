package dev.tenon.opencl;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@EnabledIfSystemProperty(named = "tenon.test.opencl", matches = ".+", disabledReason = "asked for by its property:"
        + " its kernels for every dtype take minutes to compile")
class OpenClReduceTest {

    @BeforeAll
    static void device() {
        Twins.requireOpenCl();
    }

    private static List<Tensor> reduce(Reducer r, Tensor x, boolean keep, Integer... axes) {
        Lambda identity = Lambda.identity(x.dtype());
        return Dispatcher.apply(new ReduceOp(r, List.of(axes), keep, identity, Scalars.NONE), List.of(x));
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F32", "F16", "I64", "U8", "BOOL"})
    void everyReducerAndLayout(DType dtype) {
        for (Reducer r : Reducer.values()) {
            if (dtype == DType.BOOL && r.isArg()) {
                continue;
            }
            long seed = r == Reducer.SUM || r == Reducer.PROD ? 5 : -5;
            double tolerance = dtype == DType.F64 ? 1e-12 : r == Reducer.PROD ? 1e-4 : 1e-5;
            Twins.compare(r + " " + dtype, tolerance, d -> Stream.of(
                    reduce(r, Twins.data(d, dtype, seed, 37, 11), false, 1),
                    reduce(r, Twins.data(d, dtype, seed, 19, 33), true, 0),
                    reduce(r, Twins.data(d, dtype, seed, 3, 100).flip(1), false, 1),
                    reduce(r, Twins.data(d, dtype, seed, 5, 6, 7).transpose(0, 2), true, 1),
                    reduce(r, Twins.data(d, dtype, seed, 1, 9, 1), false, 2)).flatMap(List::stream).toList());
            if (!r.isArg()) {
                Twins.compare(r + " " + dtype, tolerance, d -> Stream.of(
                        reduce(r, Twins.data(d, dtype, seed, 5, 4, 6, 3), false, 0, 2, 3),
                        reduce(r, Twins.data(d, dtype, seed, 4, 1, 6), true, 0, 1, 2),
                        reduce(r, Twins.data(d, dtype, seed, 4, 5).expand(3, 4, 5), false, 0, 2))
                        .flatMap(List::stream).toList());
            }
        }
    }

    @Test
    void largeOnesInParts() {
        for (Reducer r : List.of(Reducer.SUM, Reducer.MAX, Reducer.ARGMAX, Reducer.ARGMIN, Reducer.ANY)) {
            Twins.compare(r + " large", 1e-5, d -> Stream.of(
                    reduce(r, Twins.data(d, DType.F32, 8, 200_003), false, 0),
                    reduce(r, Twins.data(d, DType.F32, 9, 30_011, 3), false, 0),
                    reduce(r, Twins.data(d, DType.F32, 10, 3, 40_000), false, 1)).flatMap(List::stream).toList());
        }
    }

    @Test
    void nothing() {
        for (Reducer r : List.of(Reducer.SUM, Reducer.PROD, Reducer.ANY, Reducer.ALL)) {
            Twins.compare(r + " of nothing", 0, d -> Stream.of(
                    reduce(r, Twins.data(d, DType.F32, 8, 0), false, 0),
                    reduce(r, Twins.data(d, DType.F32, 8, 3, 0, 2), false, 1),
                    reduce(r, Twins.data(d, DType.F32, 8, 3, 0, 2), false, 0)).flatMap(List::stream).toList());
        }
    }

    /// Sums of truth values are counts; there is no largest of nothing.
    @Test
    void narrowAndEmpty() {
        for (DType dtype : List.of(DType.U8, DType.I8, DType.BOOL)) {
            for (Reducer r : List.of(Reducer.SUM, Reducer.PROD, Reducer.MAX, Reducer.MIN, Reducer.ANY, Reducer.ALL)) {
                Twins.compare(r + " " + dtype, 0, d -> Stream.of(
                        reduce(r, Twins.data(d, dtype, 1, 300, 5), false, 0),
                        reduce(r, Twins.data(d, dtype, 1, 3, 300), true, 1),
                        reduce(r, Twins.data(d, dtype, 1, 0, 5), false, 1)).flatMap(List::stream).toList());
            }
            for (Reducer r : List.of(Reducer.SUM, Reducer.PROD, Reducer.ANY, Reducer.ALL)) {
                Twins.compare(r + " of no " + dtype, 0, d -> Stream.of(
                        reduce(r, Twins.data(d, dtype, 1, 0), false, 0),
                        reduce(r, Twins.data(d, dtype, 1, 3, 0), true, 1),
                        reduce(r, Twins.data(d, dtype, 1, 0, 4, 2), false, 0, 2)).flatMap(List::stream).toList());
            }
        }
        for (Reducer r : List.of(Reducer.MAX, Reducer.ARGMIN)) {
            assertThrows(TensorException.class,
                    () -> reduce(r, Twins.data(Device.of("opencl"), DType.F32, 1, 3, 0), false, 1));
        }
    }

    @Test
    void prologues() {
        Lambda product = Lambda.of(Exprs.mul(Exprs.in(0, DType.F32), Exprs.in(1, DType.F32)), DType.F32);
        Lambda rounded = Lambda.of(Exprs.mul(Exprs.in(0, DType.F32), Exprs.in(1, DType.F32)), DType.F16);
        Twins.compare("dot", 1e-5, d -> Stream.of(product, rounded).flatMap(p -> Dispatcher.apply(
                new ReduceOp(Reducer.SUM, List.of(0, 1), false, p, Scalars.NONE),
                List.of(Twins.data(d, DType.F32, 1, 50, 40), Twins.data(d, DType.F32, 2, 40))).stream()).toList());
    }
}
