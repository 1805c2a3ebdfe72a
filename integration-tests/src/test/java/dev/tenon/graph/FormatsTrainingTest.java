package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import dev.tenon.nn.activation.Tanh;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import dev.tenon.nn.optim.SGD;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/// Captured training steps of convolution nets, whose kernels hand each other images in blocks, give what eager steps
/// give, up to rounding. Where the device carries no formats the same is asked of the plain kernels.
class FormatsTrainingTest {
    private static final Device CPU = Device.of("cpu");

    /// Whether the device carries formats: it says that convolutions of many channels may take them.
    private static boolean carries() {
        Convolution c = new Convolution(WindowGeometry.of(2, 1, 1, 1), 1);
        return Boolean.parseBoolean(System.getProperty("tenon.graph.formats", "true"))
                && CPU.runtime().takesFormats(c, List.of(TensorType.of(DType.F32, Shape.of(1, 32, 8, 8)),
                        TensorType.of(DType.F32, Shape.of(32, 32, 3, 3))));
    }

    private static Module conv(int in, int out, int kernel, int stride, int groups) {
        return new Conv2d(in, out, new int[] {kernel, kernel}, groups > 1,
                new ConvOptions().stride(stride).padding(kernel / 2).groups(groups));
    }

    /// A block of a residual net, with a shortcut of its own where extents change.
    private static final class Block extends Module {
        private final Module body;
        private final Module shortcut;
        private final Module last;

        Block(int in, int out, int stride, Supplier<Module> act) {
            body = register("body", new Sequential(conv(in, out, 3, stride, 1), new BatchNorm2d(out), act.get(),
                    conv(out, out, 3, 1, 1), new BatchNorm2d(out)));
            last = register("last", act.get());
            shortcut = register("shortcut", stride == 1 && in == out ? new Sequential()
                    : new Sequential(conv(in, out, 1, stride, 1), new BatchNorm2d(out)));
        }

        @Override
        public Tensor forward(Tensor x) {
            return last.call(body.call(x).add(shortcut.call(x)));
        }
    }

    private static Module head(int channels) {
        return new Sequential(new AdaptiveAvgPool2d(1), new Flatten(), new Linear(channels, 5));
    }

    private static Module stem(int out, int stride, Supplier<Module> act) {
        return new Sequential(conv(3, out, 3, stride, 1), new BatchNorm2d(out), act.get());
    }

    /// Exact with an activation that has no kink; next to one, rounding shows.
    private static void check(Function<Supplier<Module>, Module> net, long... input) {
        check(1, 5e-5, () -> net.apply(Tanh::new), input);
        check(3, 1e-3, () -> net.apply(Tanh::new), input);
        check(1, 1e-2, () -> net.apply(ReLU::new), input);
    }

    private static void check(int steps, double tolerance, Supplier<Module> net, long... input) {
        Training t = new Training(CPU, steps, net, p -> new SGD(p, SGD.options(0.05).momentum(0.9)),
                Shape.of(input), 5);
        t.eager().assertNear(t.captured(), tolerance);
    }

    /// How often what is as large as a batch is brought to a format and back in a step.
    private static void checkCopies(Function<Supplier<Module>, Module> net, long packs, long unpacks, long... input) {
        Tensors.manualSeed(4);
        Module m = net.apply(ReLU::new).to(CPU);
        SGD o = new SGD(m.parameters(), 0.01);
        Tensor x = Tensors.randn(Shape.of(input), DType.F32, CPU, new Generator(2));
        Tensor y = Tensors.randint(0, 5, Shape.of(input[0]), CPU, new Generator(2));
        Graph g = Graphs.captureStep(in -> {
            o.zeroGrad();
            ClassLosses.crossEntropy(m.call(in.get(0)), in.get(1)).backward();
            o.step();
            return List.of();
        }, List.of(x, y));
        List<String> copies;
        try (Trace t = Trace.open()) {
            g.run(x, y);
            copies = t.entries().stream().filter(e -> e.types().startsWith("[f32[" + input[0] + ","))
                    .map(Trace.Entry::op).toList();
        }
        if (carries()) {
            assertEquals(packs, copies.stream().filter("pack"::equals).count(), copies::toString);
            assertEquals(unpacks, copies.stream().filter("unpack"::equals).count(), copies::toString);
        }
    }

    @Test
    void residualNets() {
        Function<Supplier<Module>, Module> net = act ->
                new Sequential(stem(32, 1, act), new Block(32, 32, 1, act), new Block(32, 64, 2, act),
                head(64));
        for (int n : new int[] {2, 5}) {
            check(net, n, 3, 24, 22);
        }
        // The mean over each image takes and gives tensors.
        checkCopies(net, 1, 1, 7, 3, 48, 48);
    }

    @Test
    void poolsTellWhereMaximaAre() {
        Function<Supplier<Module>, Module> net = act -> new Sequential(stem(32, 1, act),
                new MaxPool2d(3, new PoolOptions().stride(2).padding(1)), new Block(32, 32, 1, act),
                new MaxPool2d(2), new Block(32, 48, 2, act), head(48));
        for (int n : new int[] {2, 5}) {
            check(net, n, 3, 37, 31);
        }
        checkCopies(net, 1, 1, 7, 3, 48, 48);
    }

    @Test
    void depthwiseConvolutions() {
        Function<Supplier<Module>, Module> net = act ->
                new Sequential(stem(32, 2, act), conv(32, 32, 3, 1, 32), new BatchNorm2d(32),
                act.get(), conv(32, 64, 1, 1, 1), new BatchNorm2d(64), act.get(), conv(64, 64, 3, 2, 64),
                new BatchNorm2d(64), act.get(), head(64));
        for (int n : new int[] {2, 3}) {
            check(net, n, 3, 40, 40);
        }
    }

    @Test
    void withoutNormsAndWithBias() {
        Function<Supplier<Module>, Module> net = act ->
                new Sequential(new Conv2d(3, 32, 3), act.get(), new Conv2d(32, 64, 3),
                act.get(), new MaxPool2d(2), new Conv2d(64, 64, 3), act.get(), head(64));
        for (int n : new int[] {1, 2, 3}) {
            check(net, n, 3, 30, 30);
        }
    }

    @Test
    void manyWeightsAreCutByChannels() {
        Function<Supplier<Module>, Module> net = act ->
                new Sequential(stem(64, 2, act), new Block(64, 256, 2, act), head(256));
        for (int n : new int[] {1, 3}) {
            check(net, n, 3, 32, 32);
        }
    }

    @Test
    void channelsThatFillNoBlocks() {
        Function<Supplier<Module>, Module> net = act ->
                new Sequential(stem(32, 1, act), new Block(32, 20, 1, act), new Block(20, 32, 2, act),
                new Dropout(0.2), head(32));
        for (int n : new int[] {2, 3}) {
            check(net, n, 3, 24, 24);
        }
    }

    /// Adds what is elementwise over whole images and over channels between convolutions, and reads parts of images.
    private static final class Mixed extends Module {
        private final Module first;
        private final Module second = register("second", new Sequential(conv(32, 32, 3, 1, 1), new BatchNorm2d(32)));
        private final Module third = register("third", conv(32, 32, 3, 1, 1));
        private final Module head = register("head", head(32));

        Mixed(Supplier<Module> act) {
            first = register("first", stem(32, 1, act));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor a = first.call(x);
            Tensor b = second.call(a);
            Tensor gate = b.mean(3, true).mean(2, true).sigmoid();
            Tensor c = Tensors.cat(1, a.narrow(1, 0, 16), b.narrow(1, 16, 16)).mul(gate);
            return head.call(third.call(c.add(b)).mul(a.tanh()));
        }
    }

    @Test
    void whatOthersReadIsATensor() {
        check(Mixed::new, 3, 3, 24, 24);
    }

    @Test
    void lossesFall() {
        Training t = new Training(CPU, 8, () -> new Sequential(stem(32, 2, ReLU::new),
                new Block(32, 32, 1, ReLU::new), head(32)),
                p -> new SGD(p, 0.1), Shape.of(4, 3, 24, 24), 5);
        List<Double> losses = t.captured().losses();
        assertTrue(losses.stream().allMatch(Double::isFinite), losses::toString);
    }
}
