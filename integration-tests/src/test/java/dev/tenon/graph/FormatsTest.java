package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.MaxPool2d;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// Compiled convolution nets whose kernels hand each other images in blocks give what eager code gives, follow changed
/// parameters, and let NaN through. Where the device carries no formats the same is asked of the plain kernels.
class FormatsTest {
    private final Device cpu = Device.of("cpu");
    private final Generator g = new Generator(3);

    private Tensor random(long... dims) {
        return Tensors.randn(Shape.of(dims), DType.F32, cpu, g);
    }

    /// Whether the device carries formats: it says that convolutions of many channels may take them.
    private boolean carries() {
        Convolution c = new Convolution(WindowGeometry.of(2, 1, 1, 1), 1);
        return cpu.runtime().takesFormats(c, List.of(TensorType.of(DType.F32, Shape.of(1, 32, 8, 8)),
                TensorType.of(DType.F32, Shape.of(32, 32, 3, 3))));
    }

    private static float[] run(UnaryOperator<Tensor> f, Tensor x) {
        try (Context.Mode _ = Context.noGrad()) {
            return f.apply(x).toFloatArray();
        }
    }

    /// Compares, and tells how often tensors were packed and unpacked in a run.
    private void check(UnaryOperator<Tensor> net, Tensor x, long packs, long unpacks) {
        Compiled compiled = Graphs.compile(net);
        float[] want = run(net, x);
        assertArrayEquals(want, run(compiled::call, x), 1e-3f);
        List<String> ops;
        try (Trace t = Trace.open()) {
            assertArrayEquals(want, run(compiled::call, x), 1e-3f);
            ops = t.entries().stream().map(Trace.Entry::op).toList();
        }
        if (carries()) {
            assertEquals(packs, ops.stream().filter("pack"::equals).count(), ops::toString);
            assertEquals(unpacks, ops.stream().filter("unpack"::equals).count(), ops::toString);
        }
    }

    private Module block(int in, int out, int stride) {
        Module m = new Sequential(new Conv2d(in, out, 3, new ConvOptions().stride(stride).padding(1)),
                new BatchNorm2d(out), new ReLU()).to(cpu);
        return m.eval();
    }

    @Test
    void chainOfConvolutions() {
        Module first = block(3, 32, 2);
        Module second = block(32, 64, 1);
        Module pool = new MaxPool2d(3, new PoolOptions().stride(2).padding(1));
        Module third = block(64, 64, 1);
        for (int n : new int[] {1, 2, 3, 5}) {
            check(t -> third.call(pool.call(second.call(first.call(t)))).mean(3).mean(2), random(n, 3, 76, 70), 0, 1);
        }
    }

    @Test
    void residualsAndWhatIsElementwise() {
        Module a = block(32, 32, 1);
        Module b = block(32, 32, 1);
        Module c = new Conv2d(32, 32, 1).to(cpu);
        check(t -> {
            Tensor y = a.call(t);
            Tensor z = c.call(b.call(y)).add(y);
            return z.relu().mul(z.sigmoid()).sum(1);
        }, random(2, 32, 30, 29), 1, 1);
    }

    @Test
    void depthwise() {
        Module wide = block(3, 64, 1);
        Module depthwise = new Sequential(new Conv2d(64, 64, 3, new ConvOptions().padding(1).groups(64)),
                new ReLU()).to(cpu);
        Module narrow = new Conv2d(64, 16, 1).to(cpu);
        for (int n : new int[] {1, 2}) {
            check(t -> narrow.call(depthwise.call(wide.call(t))), random(n, 3, 32, 32), 0, 1);
        }
    }

    @Test
    void changedParametersAreSeen() {
        Module a = block(3, 32, 1);
        Module b = block(32, 32, 1);
        UnaryOperator<Tensor> net = t -> b.call(a.call(t)).mean(3).mean(2);
        Compiled compiled = Graphs.compile(net);
        Tensor x = random(1, 3, 40, 40);
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(run(net, x), run(compiled::call, x), 1e-3f);
            try (Context.Mode _ = Context.noGrad()) {
                a.parameters().forEach(p -> p.get().mul_(Tensors.scalar(1.25f).to(cpu)));
                b.parameters().forEach(p -> p.get().add_(Tensors.scalar(0.01f).to(cpu)));
            }
        }
        compiled.graphs().forEach(Graph::releaseMemory);
        assertArrayEquals(run(net, x), run(compiled::call, x), 1e-3f);
    }

    @Test
    void nanGoesThrough() {
        Module a = block(3, 32, 1);
        Module pool = new MaxPool2d(2);
        Module b = block(32, 32, 1);
        UnaryOperator<Tensor> net = t -> b.call(pool.call(a.call(t)));
        Tensor x = random(1, 3, 32, 32);
        try (Context.Mode _ = Context.noGrad()) {
            x.select(1, 0).select(1, 7).select(1, 9).fill_(Double.NaN);
        }
        float[] want = run(net, x);
        float[] got = run(Graphs.compile(net)::call, x);
        int nan = 0;
        for (int i = 0; i < want.length; i++) {
            assertEquals(Float.isNaN(want[i]), Float.isNaN(got[i]));
            nan += Float.isNaN(want[i]) ? 1 : 0;
        }
        assertTrue(nan > 0 && nan < want.length, nan + " of " + want.length);
    }

    @Test
    void whatOthersReadIsATensor() {
        Module a = block(3, 32, 1);
        Module b = block(32, 32, 1);
        check(t -> {
            Tensor y = a.call(t);
            return Tensors.cat(0, b.call(y).sum(1), y.narrow(1, 0, 8).sum(1));
        }, random(1, 3, 40, 40), 0, 0);
    }
}
