package dev.tenon.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Generator;
import dev.tenon.api.Index;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.ViewScatter;
import dev.tenon.api.op.WindowGeometry;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;

/// Operands that do not fit must be reported by name, and leave the device as it was.
final class ErrorChecks {
    private final Device device;
    private final List<Case> cases = new ArrayList<>();

    ErrorChecks(Device device) {
        this.device = device;
    }

    List<Case> cases() {
        arithmetic();
        products();
        reductions();
        shapes();
        indexing();
        windows();
        others();
        cases.add(new Case("operands on different devices", this::otherDevice));
        return cases;
    }

    private Tensor f(long... dims) {
        return Tensors.ones(Shape.of(dims), DType.F32, device);
    }

    private Tensor of(DType d, long... dims) {
        return Tensors.ones(Shape.of(dims), d, device);
    }

    /// The call throws a [TensorException] whose message has all the parts, and afterwards the device computes as
    /// before.
    private void wrong(String name, Supplier<?> call, String... parts) {
        cases.add(new Case(name, () -> {
            try (Scope _ = Scope.open()) {
                TensorException e = assertThrows(TensorException.class, call::get);
                for (String part : parts) {
                    assertTrue(String.valueOf(e.getMessage()).contains(part),
                            () -> "the message lacks \"" + part + "\": " + e.getMessage());
                }
                assertArrayEquals(new float[] {2, 2}, f(2).add(f(2)).toFloatArray());
            }
        }));
    }

    private void arithmetic() {
        wrong("add shapes", () -> f(2, 3).add(f(4)), "add", "[2, 3]", "[4]");
        wrong("where shapes", () -> f(2).where(of(DType.BOOL, 3), f(2)), "where", "[2]", "[3]");
        wrong("sub of bool", () -> of(DType.BOOL, 2).sub(of(DType.BOOL, 2)), "sub", "bool");
        wrong("bitwise of floating", () -> f(2).bitwiseAnd(f(2)), "bitwise_and", "f32");
        wrong("in place into a smaller tensor", () -> f(3).add_(f(2, 3)), "add", "[3]", "[2, 3]");
        wrong("in place floating into integral", () -> of(DType.I32, 3).add_(0.5), "add", "i32", "f32");
        wrong("copy_ shapes", () -> f(3).copy_(f(4)), "[3]", "[4]");
        wrong("random integers", () -> Tensors.bernoulli(Shape.of(2), 1.5, device,
                new Generator(1)), "bernoulli", "1.5");
    }

    private void products() {
        wrong("matmul inner", () -> f(64, 1000).matmul(f(100, 10)), "matmul", "[64, 1000]", "[100, 10]", "1000", "100");
        wrong("matmul dtypes", () -> f(2, 3).matmul(of(DType.F64, 3, 2)), "matmul", "f32", "f64");
        wrong("matmul of bool", () -> of(DType.BOOL, 2, 3).matmul(of(DType.BOOL, 3, 2)), "matmul", "bool");
        wrong("matmul batches", () -> f(2, 3, 4).matmul(f(3, 4, 5)), "matmul", "[2]", "[3]");
        wrong("matmul of a scalar", () -> f().matmul(f(2, 2)), "matmul", "[]");
        wrong("matmul of vectors, as an op", () -> Dispatcher.run(MatMulOp.PLAIN, f(2), f(2)), "matmul", "[2]");
        wrong("mm axes", () -> f(2, 3, 4).mm(f(4, 5)), "mm", "[2, 3, 4]");
        wrong("bmm batches", () -> f(2, 3, 4).bmm(f(3, 4, 5)), "bmm", "[2, 3, 4]", "[3, 4, 5]");
        wrong("dot", () -> f(2).dot(f(3)), "[1, 2]", "[3, 1]");
    }

    private void reductions() {
        wrong("sum axis", () -> f(2, 3).sum(2), "axis 2", "[2, 3]");
        wrong("sum axis twice", () -> f(2, 3).sum(new int[] {1, -1}, false), "sum", "[2, 3]");
        wrong("max of nothing", () -> f(0).max(), "max", "[0]");
        wrong("argmax of nothing", () -> f(2, 0).argmax(1, false), "argmax", "[2, 0]");
        wrong("mean of integers", () -> of(DType.I32, 2).mean(), "mean", "i32");
        wrong("cumsum axis", () -> f(2).cumsum(1), "axis 1", "[2]");
        wrong("scan axis, as an op", () -> Dispatcher.run(new ScanOp(Reducer.SUM, 3), f(2)), "cumsum",
                "3", "[2]");
        wrong("sort axis, as an op", () -> Dispatcher.apply(new SortOp(2, false), List.of(f(2))), "sort", "2", "[2]");
        wrong("topk too many", () -> f(2, 3).topk(4, 1, true), "topk", "4", "[2, 3]");
        wrong("softmax of integers", () -> of(DType.I64, 3).softmax(0), "softmax", "i64");
        wrong("softmax axis", () -> f(3).softmax(1), "axis 1", "[3]");
    }

    private void shapes() {
        wrong("reshape", () -> f(2, 3).reshape(4, 2), "reshape", "[2, 3]", "[4, 2]");
        wrong("reshape with -1", () -> f(2, 3).reshape(4, -1), "reshape", "[2, 3]", "-1");
        wrong("view of what is no run", () -> f(2, 3).t().view(6), "view", "[6]");
        wrong("permute", () -> f(2, 3).permute(0, 0), "permute", "[0, 0]", "[2, 3]");
        wrong("expand", () -> f(2, 3).expand(2, 4), "expand", "[2, 3]", "[2, 4]");
        wrong("narrow", () -> f(2, 3).narrow(1, 2, 2), "narrow", "[2, 3]");
        wrong("select", () -> f(2, 3).select(1, 3), "select", "3", "[2, 3]");
        wrong("slice, as an op", () -> Dispatcher.run(new ViewOp.Slice(0, 1, 3, 2), f(4)), "slice", "[4]");
        wrong("diagonal", () -> f(2, 3).diagonal(0, 1, 1), "diagonal", "[2, 3]");
        wrong("unfold", () -> f(4).unfold(0, 5, 1), "window", "5", "[4]");
        wrong("cat", () -> Tensors.cat(0, f(2, 3), f(2, 4)), "cat", "[2, 3]", "[2, 4]");
        wrong("cat of nothing", () -> Tensors.cat(0), "cat");
        wrong("stack", () -> Tensors.stack(0, f(2), f(3)), "stack", "[2]", "[3]");
        wrong("pad", () -> Tensors.pad(f(2, 3), 0, -4, 0), "pad", "[2, 3]");
        wrong("split", () -> f(4).split(new long[] {1, 2}, 0), "split", "[1, 2]", "[4]");
        wrong("negative extent", () -> f(2, -3), "[2, -3]");
        wrong("too many elements", () -> f(1L << 40, 1L << 40), "2^63");
        wrong("number of values", () -> Tensors.of(new float[] {1, 2, 3}, Shape.of(2, 2), device), "3", "[2, 2]");
        wrong("item of many", () -> f(2).item(), "item", "[2]");
        wrong("host memory too small", () -> {
            f(4).copyTo(MemorySegment.ofArray(new float[3]));
            return "copied";
        }, "16", "12");
    }

    private void indexing() {
        Supplier<Tensor> i = () -> of(DType.I64, 2, 2);
        wrong("gather index dtype", () -> f(2, 3).gather(1, f(2, 2)), "gather", "f32");
        wrong("gather axes", () -> f(2, 3).gather(1, of(DType.I64, 2)), "gather", "[2, 3]", "[2]");
        wrong("gather longer", () -> Dispatcher.run(new GatherOp(1), f(2, 3), of(DType.I64, 3, 1)), "gather", "[3, 1]",
                "[2, 3]");
        wrong("scatter dtype", () -> f(2, 3).scatter(1, i.get(), of(DType.F64, 2, 2)), "scatter", "f64", "f32");
        wrong("scatter source", () -> f(2, 3).scatterAdd(1, i.get(), f(2, 1)), "scatter", "[2, 1]", "[2, 2]");
        wrong("scatter axes", () -> Dispatcher.run(new ScatterOp(0, ScatterOp.Mode.MAX), f(2), i.get(), f(2, 2)),
                "scatter_max", "[2]", "[2, 2]");
        wrong("index beyond", () -> f(2, 3).get(Index.all(), Index.of(of(DType.I64, 2).mul(3L))), "index", "3",
                "[2, 3]");
        wrong("index before", () -> f(4).get(Index.of(of(DType.I64, 2).mul(-5L))), "index", "-5", "[4]");
        wrong("too many parts", () -> f(2).get(Index.at(0), Index.all()), "index", "[2]");
        wrong("mask shape", () -> f(2, 3).get(Index.of(of(DType.BOOL, 3, 2))), "mask", "[3, 2]", "[2, 3]");
        wrong("index of floating", () -> f(3).get(Index.of(f(2))), "index", "f32");
        wrong("view scatter", () -> Dispatcher.run(new ViewScatter(new ViewOp.Slice(0, 0, 2, 1)), f(4), f(3)),
                "slice_scatter", "[4]", "[3]");
    }

    private void windows() {
        Convolution conv = new Convolution(WindowGeometry.of(2, 1, 0, 1), 1);
        Convolution two = new Convolution(WindowGeometry.of(2, 1, 0, 1), 2);
        wrong("conv channels", () -> Dispatcher.run(conv, f(1, 3, 5, 5), f(4, 2, 3, 3)), "conv2d", "[1, 3, 5, 5]",
                "[4, 2, 3, 3]");
        wrong("conv groups", () -> Dispatcher.run(two, f(1, 4, 5, 5), f(3, 2, 3, 3)), "conv2d", "groups 2");
        wrong("conv axes", () -> Dispatcher.run(conv, f(3, 5, 5), f(4, 3, 3, 3)), "conv2d", "[3, 5, 5]");
        wrong("conv window", () -> Dispatcher.run(conv, f(1, 3, 2, 5), f(4, 3, 3, 3)), "conv2d", "does not fit");
        wrong("conv dtypes", () -> Dispatcher.run(conv, f(1, 1, 5, 5), of(DType.F64, 1, 1, 3, 3)), "conv2d", "f64");
        wrong("conv bias", () -> Dispatcher.run(conv, f(1, 1, 5, 5), f(2, 1, 3, 3), f(3)), "conv2d", "bias", "[2]");
        wrong("conv gradient", () -> Dispatcher.run(new ConvolutionBackwardData(conv, Shape.of(1, 1, 5, 5)),
                f(1, 2, 4, 4), f(2, 1, 3, 3)), "conv2d_backward_data", "[1, 2, 3, 3]", "[1, 2, 4, 4]");
        wrong("conv weight gradient", () -> Dispatcher.run(new ConvolutionBackwardWeight(conv, Shape.of(2, 1, 3, 3)),
                f(1, 1, 5, 5), f(1, 2, 4, 4)), "conv2d_backward_weight", "[1, 2, 4, 4]");
        wrong("geometry", () -> WindowGeometry.of(2, 0, 0, 1), "stride");
        WindowGeometry wide = WindowGeometry.of(2, 2, 2, 1);
        wrong("pool padding", () -> Dispatcher.apply(new MaxPool(List.of(2, 2), wide, false), List.of(f(1, 1, 8, 8))),
                "max_pool2d", "padding 2");
        wrong("pool dtype", () -> Dispatcher.apply(new AvgPool(List.of(2, 2), WindowGeometry.of(2, 2, 0, 1), false,
                true,
                OptionalLong.empty()), List.of(of(DType.BOOL, 1, 1, 8, 8))), "avg_pool2d", "bool");
        wrong("pool gradient", () -> Dispatcher.run(new MaxPoolBackward(Shape.of(1, 1, 4, 4)), f(1, 1, 2, 2),
                of(DType.I64, 1, 1, 2, 3)), "max_pool2d_backward", "[1, 1, 2, 2]", "[1, 1, 2, 3]");
        wrong("batch norm", () -> Dispatcher.apply(new BatchNorm(1e-5), List.of(f(4, 3), f(2), f(3))), "batch_norm",
                "[3]");
    }

    private void others() {
        wrong("gradient of integers", () -> of(DType.I32, 2).requiresGrad(true), "requiresGrad", "i32");
        wrong("gradient of another shape", () -> {
            f(2).setGrad(f(3));
            return "set";
        }, "setGrad", "[2]", "[3]");
        wrong("arange", () -> Tensors.arange(0, 5, -1, DType.F32, device), "arange");
        wrong("dtype name", () -> DType.of("f12"), "f12", "f32");
    }

    private void otherDevice() {
        Device other = Device.all().stream().filter(d -> d != device).findFirst().orElse(device);
        assumeTrue(other != device, "there is only one device");
        try (Scope _ = Scope.open()) {
            Tensor here = f(2, 3);
            Tensor there = Tensors.ones(Shape.of(3), DType.F32, other);
            for (Supplier<Tensor> call : List.<Supplier<Tensor>>of(
                    () -> here.add(there), () -> here.matmul(there), () -> here.add_(there))) {
                TensorException e = assertThrows(TensorException.class, call::get);
                String m = String.valueOf(e.getMessage());
                assertTrue(m.contains(device.toString()) && m.contains(other.toString()) && m.contains("to(Device)"),
                        m);
            }
            assertArrayEquals(new float[] {2, 2, 2, 2, 2, 2}, here.add(there.to(device)).toFloatArray());
        }
    }
}
