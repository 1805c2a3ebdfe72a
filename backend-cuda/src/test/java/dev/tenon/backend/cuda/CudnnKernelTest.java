package dev.tenon.backend.cuda;

import static dev.tenon.backend.cuda.Fakes.number;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Replay;
import dev.tenon.backend.cuda.ConvolutionForm.Direction;
import dev.tenon.backend.cuda.Fakes.Place;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Convolutions by a library on a device: which ops it gets, with which operands, what comes after it, and recordings.
class CudnnKernelTest {
    private static final Convolution OP = new Convolution(WindowGeometry.of(2, 1, 0, 1), 1);
    private static final TensorType X = TensorType.of(DType.F32, Shape.of(1, 64, 8, 8));
    private static final TensorType W = TensorType.of(DType.F32, Shape.of(64, 64, 1, 1));
    private static final int N = 64 * 8 * 8;

    private final FakeDriver driver = new FakeDriver();
    private final List<ConvolutionForm> asked = new ArrayList<>();
    private final List<ConvolutionForm> runs = new ArrayList<>();
    private boolean fuses = true;
    private boolean knows = true;
    private final CudaRuntime runtime = Fakes.runtime(driver, 0, false, null, this::plan);

    /// A library that adds the first operand, twice the second and the bias of the channel; it uses its scratch
    /// memory.
    private Optional<LibraryPlan> plan(LibraryForm asked) {
        ConvolutionForm form = (ConvolutionForm) asked;
        this.asked.add(form);
        boolean biased = form.epilogue().hasBias();
        return !knows || biased && !fuses ? Optional.empty() : Optional.of(new LibraryPlan() {
            @Override
            public long workspaceBytes() {
                return 8;
            }

            @Override
            public void run(long stream, long[] all, long workspace) {
                runs.add(form);
                assertEquals(biased ? 4 : 3, all.length);
                assertEquals(0, Arrays.stream(all).reduce(0, (a, b) -> a | b) % LibraryPlan.ALIGNMENT);
                long[] now = all.clone();
                driver.enqueue(stream, () -> {
                    FakeDriver.at(workspace, 8).fill((byte) -1);
                    for (int i = 0; i < N; i++) {
                        float sum = number(now[0], i) + 2 * number(now[1], i) + (biased ? number(now[2], i / 64) : 0);
                        FakeDriver.at(now[now.length - 1], 4 * N).setAtIndex(ValueLayout.JAVA_FLOAT, i, sum);
                    }
                });
            }
        });
    }

    private Place filled(long offset, int elements, float first) {
        return Fakes.filled(runtime, offset, elements, first);
    }

    private float[] read(Operand o) {
        return Fakes.read(runtime, o, N);
    }

    /// What the library computes from operands that begin with 1 and with 100.
    private static float[] sums(float forFirst, float forSecond, float bias, float factor) {
        float[] v = new float[N];
        for (int i = 0; i < N; i++) {
            v[i] = (forFirst * (1 + i) + forSecond * (100 + i) + (bias == 0 ? 0 : bias + i / 64)) * factor;
        }
        return v;
    }

    private Kernel kernel(Op op, TensorType... in) {
        return runtime.prepare(op, List.of(in), op.infer(List.of(in))).orElseThrow();
    }

    private Place workspace(Kernel k) {
        return new Place(runtime.allocate(k.workspaceBytes() + 256), 256);
    }

    @Test
    void eachDirectionHasItsOperandsInTheirPlaces() {
        TensorType y = OP.infer(List.of(X, W)).getFirst();
        Place out = filled(0, N, 0);
        List<Place> in = List.of(filled(0, N, 1), filled(0, N, 100));
        List<Op> ops = List.of(OP, new ConvolutionBackwardData(OP, X.shape()),
                new ConvolutionBackwardWeight(OP, W.shape()));
        List<List<TensorType>> types = List.of(List.of(X, W), List.of(y, W), List.of(X, y));
        List<Direction> directions = List.of(Direction.FORWARD, Direction.BACKWARD_DATA, Direction.BACKWARD_WEIGHT);
        for (int i = 0; i < 3; i++) {
            Kernel k = kernel(ops.get(i), types.get(i).toArray(TensorType[]::new));
            assertInstanceOf(CudnnKernel.class, k);
            k.run(runtime.defaultStream(), in, List.of(out), workspace(k), Scalars.NONE);
            assertArrayEquals(sums(1, 2, 0, 1), read(out), ops.get(i).name());
            assertEquals(directions.get(i), runs.getLast().direction());
        }
        assertEquals(List.of(), driver.launches);
    }

    @Test
    void aBiasIsTheLibrarysOrAKernelOfOurs() {
        TensorType bias = TensorType.of(DType.F32, Shape.of(64));
        Place out = filled(0, N, 0);
        List<Place> in = List.of(filled(0, N, 1), filled(0, N, 100), filled(0, 64, 7));
        Kernel whole = kernel(OP, X, W, bias);
        whole.run(runtime.defaultStream(), in, List.of(out), workspace(whole), Scalars.NONE);
        assertArrayEquals(sums(1, 2, 7, 1), read(out));
        assertEquals(List.of(), driver.launches);
        fuses = false;
        driver.kernels.put("map", a -> {
            for (int i = 0; i < N; i++) {
                float sum = number(a.get("x0") + 4 * a.get("o_x0"), i)
                        + number(a.get("x1") + 4 * a.get("o_x1"), i / 64);
                FakeDriver.at(a.get("y0") + 4 * a.get("o_y0"), 4 * N).setAtIndex(ValueLayout.JAVA_FLOAT, i, sum);
            }
        });
        Kernel parts = kernel(OP, X, W, bias);
        parts.run(runtime.defaultStream(), in, List.of(out), workspace(parts), Scalars.NONE);
        assertArrayEquals(sums(1, 2, 7, 1), read(out));
        assertFalse(runs.getLast().epilogue().hasBias());
        assertEquals(List.of("map"), driver.launches.stream().map(FakeDriver.Launch::entry).toList());
    }

    /// `result * number`: an epilogue that the library does not know, done in place.
    private Kernel scaled() {
        driver.kernels.put("map_packed", a -> {
            long factor = a.containsKey("p0_f32") ? a.get("p0_f32")
                    : FakeDriver.at(a.get("at_p0_f32"), 8).get(ValueLayout.JAVA_LONG, 0);
            for (int i = 0; i < N; i++) {
                FakeDriver.at(a.get("y0") + 4 * a.get("o_y0"), 4 * N).setAtIndex(ValueLayout.JAVA_FLOAT, i,
                        number(a.get("x0") + 4 * a.get("o_x0"), i) * Float.intBitsToFloat((int) factor));
            }
        });
        Expr product = Exprs.mul(Exprs.in(0, DType.F32), new Expr.Param(Kind.F32, 0));
        return kernel(new FusedConvolution(OP, Lambda.of(product, DType.F32), Scalars.of(0)), X, W);
    }

    @Test
    void otherEpiloguesAreAKernelOfOurs() {
        Kernel k = scaled();
        assertInstanceOf(CudnnKernel.class, k);
        Place y = filled(0, N, 0);
        k.run(runtime.defaultStream(), List.of(filled(0, N, 1), filled(0, N, 100)), List.of(y), workspace(k),
                Scalars.of(3));
        assertArrayEquals(sums(1, 2, 0, 3), read(y));
    }

    @Test
    void resultsOfAnotherDTypeGoThroughScratchMemory() {
        Lambda toHalf = Lambda.of(Exprs.in(0, DType.F32), DType.F16);
        Kernel k = kernel(new FusedConvolution(OP, toHalf, Scalars.NONE), X, W);
        assertInstanceOf(CudnnKernel.class, k);
        assertTrue(k.workspaceBytes() >= 4 * N + 8);
    }

    @Test
    void operandsAtOddAddressesAndUnknownFormsAreOurs() {
        Kernel k = kernel(OP, X, W);
        Place y = filled(0, N, 0);
        int compiled = driver.launches.size();
        k.run(runtime.defaultStream(), List.of(filled(4, N, 1), filled(0, N, 100)), List.of(y), workspace(k),
                Scalars.NONE);
        assertEquals(List.of(), runs);
        assertTrue(driver.launches.size() > compiled);
        knows = false;
        assertInstanceOf(CudaKernel.class, kernel(OP, X, W));
        int before = asked.size();
        TensorType small = TensorType.of(DType.F32, Shape.of(1, 2, 3, 3));
        assertInstanceOf(CudaKernel.class, kernel(OP, small, TensorType.of(DType.F32, Shape.of(2, 2, 1, 1))));
        assertEquals(before, asked.size(), "small ones are not worth asking for");
    }

    @Test
    void recordingsHoldTheLibrarysLaunchesAndOurs() {
        Kernel plain = kernel(OP, X, W);
        Kernel k = scaled();
        List<Place> in = List.of(filled(0, N, 1), filled(0, N, 100));
        List<Place> odd = List.of(filled(4, N, 1), filled(0, N, 100));
        Place first = filled(0, N, 0);
        Place second = filled(0, N, 0);
        Place third = filled(0, N, 0);
        Place w1 = workspace(plain);
        Place w2 = workspace(k);
        int calls = driver.calls.size();
        Replay r = runtime.record(s -> {
            plain.run(s, in, List.of(first), w1, Scalars.NONE);
            plain.run(s, odd, List.of(third), w1, Scalars.NONE);
            k.run(s, in, List.of(second), w2, Scalars.of(1));
        }).orElseThrow();
        assertEquals(2, runs.size(), "only the recording itself calls the library");
        List<String> during = driver.calls.subList(calls, driver.calls.size());
        during = during.subList(during.indexOf("cuStreamBeginCapture") + 1, during.indexOf("cuStreamEndCapture"));
        assertEquals(List.of("cuLaunchKernel", "cuLaunchKernel"), during, "nothing is loaded or allocated");
        r.run(runtime.defaultStream(), List.of(Scalars.NONE, Scalars.NONE, Scalars.of(5)));
        assertArrayEquals(sums(1, 2, 0, 1), read(first));
        assertArrayEquals(sums(1, 2, 0, 5), read(second));
        assertEquals(2, runs.size());
    }
}
