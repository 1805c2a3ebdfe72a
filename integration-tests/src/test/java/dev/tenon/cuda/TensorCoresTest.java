package dev.tenon.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.api.op.WindowGeometry;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.tck.samples.CompositeSamples;
import dev.tenon.tck.samples.Family;
import dev.tenon.tck.samples.Input;
import dev.tenon.tck.samples.Layout;
import dev.tenon.tck.samples.Sample;
import dev.tenon.tck.samples.Values;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Products on tensor cores, run on the processor lane by lane: what each lane holds of a fragment is written there as
/// the PTX ISA has it, and results are held against the reference backend's.
class TensorCoresTest {
    /// Capability 7.5, and 8.0 with TF32.
    private static final int TURING = 1;
    private static final int AMPERE = 2;
    private static final Device ORACLE = Device.of("reference:0");

    @BeforeAll
    static void needsACompiler(@TempDir Path folder) {
        Assumptions.assumeTrue(HostKernel.available(), "no C++ compiler on the PATH");
        EmulatedBackend.folder = folder;
    }

    @AfterAll
    static void forgetsTheFolder() {
        EmulatedBackend.folder = null;
    }

    /// Numbers of `F32` are such that TF32 holds them.
    private static List<Tensor> operands(Device device, Input... in) {
        return List.of(in).stream().map(i -> i.dtype() == DType.F32
                ? new Input(DType.BF16, i.shape(), i.layout(), i.domain(), i.seed(), i.fixed()).on(device)
                        .to(DType.F32)
                : i.on(device)).toList();
    }

    private static void check(int index, Op op, Family family, double scale, Input... in) {
        String name = op.name() + " " + List.of(in) + " on device " + index;
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            List<Tensor> there = operands(EmulatedBackend.device(index), in);
            List<TensorType> types = there.stream().map(Tensor::type).toList();
            List<String> entries = EmulatedBackend.source(index).plan(op, types, op.infer(types)).orElseThrow()
                    .kernels().stream().map(GeneratedKernel::entry).toList();
            assertEquals("matmul_mma", entries.getFirst(), name);
            List<Tensor> got = Dispatcher.apply(op, there);
            List<Tensor> expected = Dispatcher.apply(op, operands(ORACLE, in));
            for (int i = 0; i < got.size(); i++) {
                Optional<String> difference =
                        Values.of(got.get(i)).differenceFrom(Values.of(expected.get(i)), family, scale);
                assertEquals(Optional.empty(), difference, name);
            }
        }
    }

    private static void product(int index, DType d, Input a, Input b) {
        check(index, MatMulOp.PLAIN, Family.REDUCTION, 9.0 * a.shape().dim(-1), a, b);
    }

    private static void sizes(int index, DType d) {
        long[][] all = {{70, 20, 70}, {33, 65, 40}, {64, 64, 64}, {17, 301, 16}, {129, 37, 131}, {130, 4, 256}};
        for (long[] s : all) {
            product(index, d, Input.of(d, s[0], s[1]), Input.of(d, s[1], s[2]).seed(2));
        }
        product(index, d, Input.of(d, 3, 1, 40, 33), Input.of(d, 2, 33, 29).seed(2));
    }

    @Test
    void halfPrecisionOfTuring() {
        sizes(TURING, DType.F16);
    }

    @Test
    void halfPrecisionOfAmpere() {
        sizes(AMPERE, DType.F16);
    }

    @Test
    void bfloat16() {
        sizes(AMPERE, DType.BF16);
    }

    @Test
    void tf32() {
        sizes(AMPERE, DType.F32);
    }

    @Test
    void layouts() {
        for (Layout l : Layout.values()) {
            Input a = Input.of(DType.F16, 37, 45);
            Input b = Input.of(DType.F16, 45, 41).seed(2);
            product(AMPERE, DType.F16, a.in(l), b);
            product(AMPERE, DType.F16, a, b.in(l));
        }
        product(AMPERE, DType.F32, Input.of(DType.F32, 37, 45).in(Layout.TRANSPOSED),
                Input.of(DType.F32, 45, 41).in(Layout.TRANSPOSED));
    }

    @Test
    void epilogues() {
        DType d = DType.BF16;
        Expr product = new Expr.Input(0, d.kind());
        Expr biased = Exprs.add(product, Exprs.in(1, d));
        Input a = Input.of(d, 35, 70);
        Input b = Input.of(d, 70, 50).seed(2);
        check(AMPERE, new MatMulOp(Optional.of(Lambda.of(Exprs.unary(UnaryFn.TANH, biased), d)), Scalars.NONE),
                Family.REDUCTION, 9 * 70, a, b, Input.of(d, 50).seed(3));
        Expr scaled = Exprs.mul(product, new Expr.Param(d.kind(), 0));
        Lambda two = Lambda.of(List.of(biased, scaled), List.of(d, DType.F32));
        check(AMPERE, new MatMulOp(Optional.of(two), Scalars.of(0.5)), Family.REDUCTION, 9 * 70, a, b,
                Input.of(d, 35, 50).seed(3).in(Layout.TRANSPOSED));
    }

    @Test
    void convolutions() {
        DType d = DType.F16;
        WindowGeometry geometry =
                new WindowGeometry(List.of(2, 1), List.of(1, 2), List.of(0, 1), List.of(1, 2));
        Convolution op = new Convolution(geometry, 2);
        Input x = Input.of(d, 2, 8, 11, 12);
        Input weight = Input.of(d, 36, 4, 3, 3).seed(2);
        double scale = 9 * 36;
        check(AMPERE, op, Family.COMPOSITE, scale, x, weight, Input.of(d, 36).seed(3));
        Shape y = op.infer(List.of(TensorType.of(d, x.shape()), TensorType.of(d, weight.shape()))).getFirst().shape();
        Lambda body = Lambda.of(Exprs.mul(new Expr.Input(0, d.kind()), Exprs.in(1, d)), d);
        check(TURING, new FusedConvolution(op, body, Scalars.NONE), Family.COMPOSITE, 3 * scale, x, weight,
                new Input(d, y, Layout.CONTIGUOUS, x.domain(), 5, List.of()));
        Input g = new Input(d, y, Layout.CONTIGUOUS, x.domain(), 4, List.of());
        check(AMPERE, new ConvolutionBackwardData(op, x.shape()), Family.COMPOSITE, 9 * 18 * 9, g,
                weight);
        check(AMPERE, new ConvolutionBackwardWeight(op, weight.shape()), Family.COMPOSITE,
                9.0 * y.elements() / 36, x, g);
    }

    /// Convolutions whose weights, or images too, come to shared memory 16 bytes at a time.
    @Test
    void convolutionsInPieces() {
        List<Integer> ones = List.of(1, 1);
        List<Integer> none = List.of(0, 0);
        Convolution wide = new Convolution(new WindowGeometry(ones, ones, ones, ones), 1);
        inPieces(wide, 1, Input.of(DType.F16, 2, 8, 8, 8), Input.of(DType.F16, 16, 8, 3, 3).seed(2));
        Convolution steps = new Convolution(new WindowGeometry(List.of(2, 2), ones, ones, ones), 1);
        inPieces(steps, 1, Input.of(DType.BF16, 2, 8, 16, 16), Input.of(DType.BF16, 16, 8, 3, 3).seed(2));
        Convolution pointwise = new Convolution(new WindowGeometry(ones, none, none, ones), 2);
        inPieces(pointwise, 2, Input.of(DType.F16, 2, 64, 8, 8), Input.of(DType.F16, 48, 32, 1, 1).seed(2));
    }

    /// @param operands how many of the forward product's operands come in pieces
    private static void inPieces(Convolution op, int operands, Input x, Input weight) {
        DType d = x.dtype();
        List<TensorType> in = List.of(TensorType.of(d, x.shape()), TensorType.of(d, weight.shape()));
        Shape y = op.infer(in).getFirst().shape();
        Input g = new Input(d, y, Layout.CONTIGUOUS, x.domain(), 4, List.of());
        String source = EmulatedBackend.source(AMPERE).plan(op, in, op.infer(in)).orElseThrow().kernels().getFirst()
                .source();
        assertEquals(operands, (source.contains("aligned_a") ? 1 : 0) + (source.contains("aligned_b") ? 1 : 0));
        check(AMPERE, op, Family.COMPOSITE, 9.0 * 72, x, weight);
        check(AMPERE, new ConvolutionBackwardData(op, x.shape()), Family.COMPOSITE, 9.0 * 144, g, weight);
        check(AMPERE, new ConvolutionBackwardWeight(op, weight.shape()), Family.COMPOSITE, 9.0 * 128, x, g);
    }

    /// Some of the suite's samples of attention and of its gradients; all of them with `-Dtenon.test.emulated=all`,
    /// which compiles a hundred kernels.
    @Test
    void attention() {
        int every = "all".equals(System.getProperty("tenon.test.emulated")) ? 1 : 7;
        int n = 0;
        for (Sample s : CompositeSamples.all()) {
            boolean wanted = s.op().startsWith("attention") && s.dtype().bytes() == 2
                    && s.inputs().stream().allMatch(i -> i.layout() == Layout.CONTIGUOUS && i.shape().elements() > 0)
                    && s.direct().isPresent();
            if (!wanted || n++ % every != 0) {
                continue;
            }
            int index = s.dtype() == DType.F16 ? TURING : AMPERE;
            try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
                List<Tensor> there = s.on(EmulatedBackend.device(index));
                List<TensorType> types = there.stream().map(Tensor::type).toList();
                Op op = s.direct().get();
                assertTrue(EmulatedBackend.source(index).plan(op, types, op.infer(types)).orElseThrow().kernels()
                        .stream().allMatch(k -> k.source().contains("mma_")), s::toString);
                List<Tensor> got = Dispatcher.apply(op, there);
                List<Tensor> expected = Dispatcher.apply(op, s.on(ORACLE));
                for (int i = 0; i < got.size(); i++) {
                    assertEquals(Optional.empty(), Values.of(got.get(i))
                            .differenceFrom(Values.of(expected.get(i)), s.family(), s.scale()), s::toString);
                }
            }
        }
        assertTrue(n > 10, "samples: " + n);
    }

    @Test
    void assemblyBecomesCalls() {
        assertEquals("x_y_z(c[0], (u32)f(p, 1), c[0]);", HostKernel.translated(
                "asm volatile(\"x.y.z {%0}, [%1], %0;\"\n    : \"+f\"(c[0])\n    : \"r\"((u32)f(p, 1))"
                        + " : \"memory\");"));
    }

    @Test
    void devicesWithoutThemUseNone() {
        TensorType a = TensorType.of(DType.BF16, Shape.of(256, 256));
        List<TensorType> in = List.of(a, a);
        for (int device : new int[] {0, TURING}) {
            assertEquals("matmul_tiled", EmulatedBackend.source(device).plan(MatMulOp.PLAIN, in,
                    MatMulOp.PLAIN.infer(in)).orElseThrow().kernels().getFirst().entry());
        }
        assertTrue(EmulatedBackend.source(AMPERE).plan(MatMulOp.PLAIN, in, MatMulOp.PLAIN.infer(in)).orElseThrow()
                .kernels().getFirst().source().contains("mma_bf16"));
    }
}
