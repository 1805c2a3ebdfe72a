package dev.tenon.opencl;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Attention and its gradients against their decompositions: fewer and more rows than a tile has, of odd widths, with
/// masks of several shapes.
class OpenClAttentionTest {

    @BeforeAll
    static void device() {
        Twins.requireOpenCl();
    }

    /// Queries, keys, values and what their gradients start from.
    private record Case(Device device, DType dtype, Shape batch, int m, int n, int width, int out) {
        Tensor of(long seed, DType type, long... last) {
            return Twins.data(device, type, seed, batch.concat(Shape.of(last)).toArray()).mul(0.25);
        }

        Tensor q() {
            return of(1, dtype, m, width);
        }

        Tensor k() {
            return of(2, dtype, n, width);
        }

        Tensor v() {
            return of(3, dtype, n, out);
        }

        List<Tensor> both(Attention op, List<Tensor> mask) {
            return both(op, q(), k(), v(), mask);
        }

        List<Tensor> both(Attention op, Tensor q, Tensor k, Tensor v, List<Tensor> mask) {
            List<Tensor> operands = new ArrayList<>(List.of(q, k, v));
            operands.addAll(mask);
            List<Tensor> results = new ArrayList<>(Dispatcher.apply(op, operands));
            DType work = dtype.kind().dtype();
            Tensor total = of(5, work, m).add(6);
            List<Tensor> back = new ArrayList<>(List.of(of(4, dtype, m, out), q, k, v, total, of(6, work, m)));
            back.addAll(mask);
            results.addAll(Dispatcher.apply(new AttentionBackward(op), back));
            return results;
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F32", "F16", "BF16"})
    void tilesOfEverySize(DType dtype) {
        double tolerance = dtype == DType.F64 ? 1e-12 : dtype == DType.F32 ? 1e-5 : 0.05;
        for (boolean causal : new boolean[] {false, true}) {
            Attention op = new Attention(causal, 0.3);
            Twins.compare(op + " " + dtype, tolerance, d -> Stream.of(
                    new Case(d, dtype, Shape.of(2, 3), 5, 7, 6, 5).both(op, List.of()),
                    new Case(d, dtype, Shape.of(2), 130, 70, 16, 16).both(op, List.of())).flatMap(List::stream)
                    .toList());
        }
    }

    @Test
    void oneOfEverything() {
        Twins.compare("attention", 1e-6, d -> new Case(d, DType.F32, Shape.SCALAR, 1, 1, 1, 1)
                .both(new Attention(true, 1), List.of()));
    }

    @Test
    void masks() {
        Attention op = new Attention(false, 0.3);
        Attention causal = new Attention(true, 0.3);
        Twins.compare("masked attention", 1e-5, d -> {
            Case c = new Case(d, DType.F32, Shape.of(2, 2), 40, 67, 9, 10);
            return Stream.of(
                    c.both(op, List.of(Twins.data(d, DType.F32, 7, 40, 67))),
                    c.both(causal, List.of(Twins.data(d, DType.F32, 8, 2, 1, 1, 67))),
                    c.both(op, List.of(Twins.data(d, DType.F64, 9, 40, 1)))).flatMap(List::stream).toList();
        });
    }

    @Test
    void rowsThatAttendToNothing() {
        Twins.compare("attention to nothing", 1e-5, d -> {
            Case c = new Case(d, DType.F32, Shape.of(2), 9, 80, 4, 3);
            Tensor zeros = Tensors.zeros(Shape.of(9, 80), DType.F32, d);
            Tensor some = Twins.data(d, DType.F32, 1, 9, 80).gt(0);
            Tensor rows = Twins.data(d, DType.F32, 1, 9, 1).gt(0);
            double nothing = Double.NEGATIVE_INFINITY;
            Attention op = new Attention(false, 0.5);
            return Stream.of(Dispatcher.apply(op, List.of(c.q(), c.k(), c.v(), zeros.maskedFill(some, nothing))),
                    Dispatcher.apply(op, List.of(c.q(), c.k(), c.v(), zeros.maskedFill(rows, nothing))))
                    .flatMap(List::stream).toList();
        });
    }

    @Test
    void anyLayout() {
        Attention op = new Attention(true, 0.3);
        Twins.compare("strided attention", 1e-5, d -> {
            Case c = new Case(d, DType.F32, Shape.of(3, 2), 20, 20, 8, 8);
            // As heads are cut out of one projection.
            Tensor all = Twins.data(d, DType.F32, 1, 3, 20, 3, 2, 8).mul(0.25).permute(2, 0, 3, 1, 4);
            return c.both(op, all.select(0, 0), all.select(0, 1), all.select(0, 2).flip(-2), List.of());
        });
    }

    @Test
    void manyKeys() {
        Twins.compare("attention to many", 1e-5, d -> Dispatcher.apply(new Attention(false, 0.3), List.of(
                Twins.data(d, DType.F32, 1, 3, 4), Twins.data(d, DType.F32, 2, 5000, 4),
                Twins.data(d, DType.F32, 3, 5000, 2))));
    }
}
