package dev.tenon.opencl;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LayerNormBackward;
import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.Softmax;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Softmax and normalisations, in layouts and sizes that take different ways, against their decompositions.
class OpenClNormTest {

    @BeforeAll
    static void device() {
        Twins.requireOpenCl();
    }

    private static double tolerance(DType dtype) {
        return dtype == DType.F64 ? 1e-12 : 1e-5;
    }

    private static List<Tensor> softmaxes(Tensor x, int axis) {
        return List.of(Dispatcher.run(new Softmax(axis), x), Dispatcher.run(new LogSoftmax(axis), x));
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F32", "F16", "BF16"})
    void softmaxAlongEveryAxis(DType dtype) {
        Twins.compare("softmax " + dtype, tolerance(dtype), d -> Stream.of(
                softmaxes(Twins.data(d, dtype, 1, 6, 50, 7), 0),
                softmaxes(Twins.data(d, dtype, 1, 6, 50, 7), 1),
                softmaxes(Twins.data(d, dtype, 1, 6, 50, 7), 2),
                softmaxes(Twins.data(d, dtype, 2, 5, 1023), 1),
                softmaxes(Twins.data(d, dtype, 3, 70, 9).transpose(0, 1), 1),
                softmaxes(Twins.data(d, dtype, 3, 3, 90).flip(1).expand(2, 3, 90), 2)).flatMap(List::stream).toList());
    }

    @Test
    void softmaxOfNothingAndOfInfinities() {
        Twins.compare("softmax", 1e-6, d -> Stream.of(
                softmaxes(Twins.data(d, DType.F32, 1, 3, 0), 1),
                softmaxes(Twins.data(d, DType.F32, -1, 40, 3), 1),
                softmaxes(Twins.data(d, DType.F32, -2, 40, 3), 0),
                softmaxes(Twins.data(d, DType.F32, 2, 4, 100).mul(0).add(Double.NEGATIVE_INFINITY), 1),
                softmaxes(Twins.data(d, DType.F32, 2, 4, 100).mul(1000), 1)).flatMap(List::stream).toList());
    }

    private static Tensor positive(Device d, DType dtype, long seed, long... dims) {
        return Twins.data(d, dtype, seed, dims).abs().add(0.5);
    }

    private static List<Tensor> layer(Device d, DType dtype, int axes, Tensor x) {
        DType work = dtype.kind().dtype();
        Shape normalized = x.shape().slice(x.rank() - axes, x.rank());
        Shape rows = x.shape().slice(0, x.rank() - axes);
        Tensor scale = Twins.data(d, dtype, 2, normalized.toArray());
        List<Tensor> all = new ArrayList<>(Dispatcher.apply(new LayerNorm(axes, 1e-3),
                List.of(x, scale, Twins.data(d, dtype, 3, normalized.toArray()))));
        all.addAll(Dispatcher.apply(new LayerNormBackward(axes), List.of(
                Twins.data(d, dtype, 4, x.shape().toArray()), x, scale, Twins.data(d, work, 5, rows.toArray()),
                positive(d, work, 6, rows.toArray()))));
        return all;
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F32", "BF16"})
    void layers(DType dtype) {
        // Sums of hundreds of products of numbers as large as 40.
        Twins.compare("layer norm " + dtype, 20 * tolerance(dtype), d -> Stream.of(
                layer(d, dtype, 1, Twins.data(d, dtype, 1, 3, 5, 33)),
                layer(d, dtype, 2, Twins.data(d, dtype, 1, 6, 4, 5)),
                layer(d, dtype, 2, Twins.data(d, dtype, 1, 40, 9, 6).transpose(0, 2)),
                layer(d, dtype, 1, Twins.data(d, dtype, 1, 7)),
                layer(d, dtype, 1, Twins.data(d, dtype, 1, 300, 4))).flatMap(List::stream).toList());
    }

    private static List<Tensor> batch(Device d, DType dtype, Tensor x) {
        DType work = dtype.kind().dtype();
        long c = x.size(1);
        Tensor scale = Twins.data(d, dtype, 2, c);
        List<Tensor> all = new ArrayList<>(Dispatcher.apply(new BatchNorm(1e-3),
                List.of(x, scale, Twins.data(d, dtype, 3, c))));
        all.addAll(Dispatcher.apply(new BatchNormBackward(), List.of(Twins.data(d, dtype, 4, x.shape().toArray()), x,
                scale, Twins.data(d, work, 5, c), positive(d, work, 6, c))));
        return all;
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F32", "BF16"})
    void batches(DType dtype) {
        Twins.compare("batch norm " + dtype, 20 * tolerance(dtype), d -> Stream.of(
                batch(d, dtype, Twins.data(d, dtype, 1, 9, 5)),
                batch(d, dtype, Twins.data(d, dtype, 1, 3, 4, 7, 11)),
                batch(d, dtype, Twins.data(d, dtype, 1, 2, 3, 8, 40)),
                batch(d, dtype, Twins.data(d, dtype, 1, 40, 3, 5).transpose(0, 2))).flatMap(List::stream).toList());
    }
}
