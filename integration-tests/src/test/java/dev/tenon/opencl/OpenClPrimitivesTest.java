package dev.tenon.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.SortOp;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OpenClPrimitivesTest {

    @BeforeAll
    static void device() {
        Twins.requireOpenCl();
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F32", "BF16", "I64", "U8"})
    void matrixProducts(DType dtype) {
        Twins.compare("matmul " + dtype, dtype == DType.F64 ? 1e-12 : 1e-4, d -> List.of(
                matmul(Twins.data(d, dtype, 1, 5, 3), Twins.data(d, dtype, 2, 3, 4)),
                matmul(Twins.data(d, dtype, 3, 70, 90), Twins.data(d, dtype, 4, 90, 65)),
                matmul(Twins.data(d, dtype, 5, 90, 70).transpose(0, 1),
                        Twins.data(d, dtype, 6, 65, 90).transpose(0, 1)),
                matmul(Twins.data(d, dtype, 7, 3, 1, 33, 40), Twins.data(d, dtype, 8, 2, 40, 50)),
                matmul(Twins.data(d, dtype, 9, 3, 64, 0), Twins.data(d, dtype, 8, 0, 50))));
    }

    private static Tensor matmul(Tensor a, Tensor b) {
        return Dispatcher.run(MatMulOp.PLAIN, a, b);
    }

    @Test
    void epilogues() {
        Lambda body = Lambda.of(Exprs.binary(BinaryFn.MAX, Exprs.add(Exprs.in(0, DType.F32), Exprs.in(1, DType.F32)),
                Exprs.constant(DType.Kind.F32, 0)), DType.F32);
        MatMulOp op = new MatMulOp(Optional.of(body), Scalars.NONE);
        Twins.compare("epilogue", 1e-4, d -> Stream.of(4, 60).map(n -> Dispatcher.run(op,
                Twins.data(d, DType.F32, 1, n, 50), Twins.data(d, DType.F32, 2, 50, n), Twins.data(d, DType.F32, 3, n)))
                .toList());
    }

    private static Tensor index(Device d, DType dtype, int seed, int bound, long... dims) {
        return Twins.data(d, DType.I32, seed, dims).abs().remainder(bound).to(dtype);
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F16", "I32", "BOOL"})
    void gatherAndScatter(DType dtype) {
        Twins.compare("gather " + dtype, 0, d -> List.of(
                Dispatcher.run(new GatherOp(1), Twins.data(d, dtype, 1, 6, 9, 4), index(d, DType.I64, 2, 9, 6, 20, 4)),
                Dispatcher.run(new GatherOp(0), Twins.data(d, dtype, 1, 9, 30).flip(0),
                        index(d, DType.I32, 3, 9, 12, 1).expand(12, 30))));
        for (ScatterOp.Mode mode : ScatterOp.Mode.values()) {
            if (dtype == DType.BOOL && mode != ScatterOp.Mode.SET) {
                continue;
            }
            Twins.compare("scatter " + mode + " " + dtype, dtype == DType.F16 ? 0.05 : 1e-9, d -> List.of(
                    Dispatcher.run(new ScatterOp(0, mode), Twins.data(d, dtype, 1, 9, 8),
                            index(d, DType.I64, 2, 9, 12, 1).expand(12, 7), Twins.data(d, dtype, 3, 13, 8)),
                    Dispatcher.run(new ScatterOp(1, mode), Twins.data(d, dtype, 1, 8, 9).transpose(0, 1),
                            index(d, DType.I32, 2, 8, 9, 30), Twins.data(d, dtype, 3, 9, 30))));
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F16", "U8", "I64"})
    void scansAndSorts(DType dtype) {
        for (Reducer r : List.of(Reducer.SUM, Reducer.PROD, Reducer.MAX, Reducer.MIN)) {
            long seed = r == Reducer.SUM || r == Reducer.PROD ? 1 : -1;
            Twins.compare("scan " + r + " " + dtype, dtype == DType.F16 ? 0.01 : 1e-9, d -> Stream.of(
                    Dispatcher.apply(new ScanOp(r, 1), List.of(Twins.data(d, dtype, seed, 7, 15).mul(0.5).to(dtype))),
                    Dispatcher.apply(new ScanOp(r, 0), List.of(Twins.data(d, dtype, seed, 5, 15).transpose(0, 1))))
                    .flatMap(List::stream).toList());
        }
        for (boolean descending : new boolean[] {false, true}) {
            Twins.compare("sort " + dtype, 0, d -> Stream.of(
                    Dispatcher.apply(new SortOp(1, descending), List.of(Twins.data(d, dtype, -1, 7, 37))),
                    Dispatcher.apply(new SortOp(0, descending), List.of(Twins.data(d, dtype, -2, 5, 1000, 1)
                            .transpose(0, 1))),
                    Dispatcher.apply(new SortOp(0, descending), List.of(Twins.data(d, dtype, -2, 1))))
                    .flatMap(List::stream).toList());
        }
    }

    @Test
    void longLines() {
        for (Reducer r : List.of(Reducer.SUM, Reducer.MAX)) {
            Twins.compare("scan " + r, 1e-4, d -> Stream.of(
                    Dispatcher.apply(new ScanOp(r, 0), List.of(Twins.data(d, DType.F32, 1, 70_001).mul(0.01))),
                    Dispatcher.apply(new ScanOp(r, 0), List.of(Twins.data(d, DType.I32, 1, 2, 30_000).transpose(0, 1))))
                    .flatMap(List::stream).toList());
        }
        for (boolean descending : new boolean[] {false, true}) {
            Twins.compare("sort", 0, d -> Stream.of(
                    Dispatcher.apply(new SortOp(0, descending), List.of(Twins.data(d, DType.F32, -1, 40_003))),
                    Dispatcher.apply(new SortOp(0, descending), List.of(Twins.data(d, DType.I8, 1, 3, 9000)
                            .transpose(0, 1))),
                    Dispatcher.apply(new SortOp(1, descending), List.of(Twins.data(d, DType.F64, 1, 300, 16))))
                    .flatMap(List::stream).toList());
        }
    }

    /// The gradient of an embedding: many rows that go to few, with repeats.
    @Test
    void rowsAreAddedUp() {
        for (ScatterOp.Mode mode : List.of(ScatterOp.Mode.ADD, ScatterOp.Mode.SET)) {
            Twins.compare("scatter " + mode + " of rows", 1e-4, d -> List.of(
                    Dispatcher.run(new ScatterOp(0, mode), Twins.data(d, DType.F32, 1, 50, 7),
                            index(d, DType.I64, 2, 50, 900, 1).expand(900, 7), Twins.data(d, DType.F32, 3, 900, 7)),
                    Dispatcher.run(new ScatterOp(0, mode), Twins.data(d, DType.F32, 1, 1000),
                            index(d, DType.I32, 2, 1000, 5000), Twins.data(d, DType.F32, 3, 5000))));
        }
    }

    /// Long enough for several elements an item, and not a multiple of their number.
    @Test
    void manyElements() {
        for (DType dtype : List.of(DType.F32, DType.F64, DType.BF16, DType.F16, DType.U8, DType.I64)) {
            Twins.compare("elementwise " + dtype, 1e-6, d -> {
                Tensor x = Twins.data(d, dtype, 1, 5003);
                Tensor one = Twins.data(d, dtype, 2, 1);
                return List.of(x.add(x), x.narrow(0, 1, 5000).mul(one), Tensors.where(x.gt(one), x, one),
                        x.to(DType.F32));
            });
        }
    }

    @Test
    void indicesOutOfRangeTouchNothing() {
        Device d = Device.of("opencl");
        Tensor x = Tensors.of(new float[] {1, 2, 3}, Shape.of(3), d);
        Tensor at = Tensors.of(new long[] {1, -5, 1L << 40}, Shape.of(3), d);
        assertArrayEquals(new float[] {2, 0, 0}, Dispatcher.run(new GatherOp(0), x, at).toFloatArray());
        for (ScatterOp.Mode mode : ScatterOp.Mode.values()) {
            Tensor y = Dispatcher.run(new ScatterOp(0, mode), x, at, x.mul(10));
            float there = switch (mode) {
                case SET, MAX -> 10;
                case ADD -> 12;
                case MUL -> 20;
                case MIN -> 2;
            };
            assertArrayEquals(new float[] {1, there, 3}, y.toFloatArray(), mode.name());
        }
        // So many that several items share a line, each with its own range of destinations.
        long[] many = new long[300];
        for (int i = 0; i < many.length; i++) {
            many[i] = i % 3 == 0 ? i / 3 : i % 3 == 1 ? -1 - i : 100 + i;
        }
        Tensor narrow = Tensors.of(many, Shape.of(300, 1), d).to(DType.I32);
        Tensor rows = Tensors.ones(Shape.of(300, 1), DType.F32, d);
        Tensor sums = Dispatcher.run(new ScatterOp(0, ScatterOp.Mode.ADD),
                Tensors.zeros(Shape.of(100, 1), DType.F32, d), narrow, rows);
        assertEquals(100f, sums.sum().toFloatArray()[0]);
        assertEquals(1f, sums.amax(new int[] {0}, false).toFloatArray()[0]);
        float[] picked = Dispatcher.run(new GatherOp(0), sums, narrow).toFloatArray();
        for (int i = 0; i < picked.length; i++) {
            assertEquals(i % 3 == 0 ? 1f : 0f, picked[i], "element " + i);
        }
    }
}
