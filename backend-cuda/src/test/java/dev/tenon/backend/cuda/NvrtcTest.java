package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelSource;
import dev.tenon.kernel.TensorCores;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real compiler, where there is one: it needs no device.
class NvrtcTest {
    private static Nvrtc nvrtc() {
        Nvrtc compiler = Nvrtc.find().compiler();
        Assumptions.assumeTrue(compiler != null, () -> Nvrtc.find().reason());
        assertNotNull(compiler);
        return compiler;
    }

    private static boolean contains(byte[] image, String text) {
        return new String(image, StandardCharsets.ISO_8859_1).contains(text);
    }

    @Test
    void compilesForTheDevicesOwnArchitecture() {
        DeviceTraits traits = new DeviceTraits(false, true, 1024, 48 << 10, 80, 1, true);
        MapOp op = MapOp.of("tanh", Lambda.of(Exprs.add(Exprs.in(0, DType.F16), 1), DType.BF16));
        TensorType in = TensorType.of(DType.F16, Shape.of(100_000));
        GeneratedKernel k = new KernelSource(CudaDialect.INSTANCE, traits)
                .plan(op, List.of(in), op.infer(List.of(in))).orElseThrow().kernels().getFirst();
        for (int capability : new int[] {75, 90}) {
            byte[] image = nvrtc().compile(k.source(), capability, "cuda:0: tanh");
            assertArrayEquals(new byte[] {0x7F, 'E', 'L', 'F'}, Arrays.copyOf(image, 4));
            assertTrue(contains(image, k.entry()));
        }
        byte[] put = nvrtc().compile(CudaDialect.putNumbers(256), 90, "cuda:0: put_numbers");
        assertTrue(contains(put, "put_numbers"));
        assertTrue(nvrtc().compile(CudaDialect.withParams(k, true), 90, "").length > 0);
        assertTrue(nvrtc().identity(90).contains("sm_90"), nvrtc().identity(90));
    }

    /// Tensor cores are reached without any of CUDA's headers.
    @Test
    void compilesForTensorCores() {
        for (int capability : new int[] {75, 80, 90}) {
            DeviceTraits traits = new DeviceTraits(false, true, 1024, 48 << 10, 80, 1, true)
                    .withTensorCores(new TensorCores(capability, true));
            for (DType d : capability < 80 ? List.of(DType.F16) : List.of(DType.F16, DType.BF16, DType.F32)) {
                TensorType t = TensorType.of(d, Shape.of(256, 256));
                GeneratedKernel k = new KernelSource(CudaDialect.INSTANCE, traits)
                        .plan(MatMulOp.PLAIN, List.of(t, t), List.of(t)).orElseThrow().kernels().getFirst();
                assertTrue(k.source().contains("mma_"), k.source());
                assertTrue(contains(nvrtc().compile(k.source(), capability, "cuda:0: matmul"), k.entry()));
            }
        }
    }

    @Test
    void devicesNewerThanTheCompilerGetPtx() {
        byte[] image = nvrtc().compile("extern \"C\" __global__ void a() {}", 999, "cuda:0: a");
        assertTrue(contains(image, ".visible .entry a"), new String(image, StandardCharsets.ISO_8859_1));
    }

    @Test
    void aKernelThatDoesNotCompileShowsItsLog() {
        Nvrtc nvrtc = nvrtc();
        BackendException e = assertThrows(BackendException.class, () -> nvrtc.compile(
                "extern \"C\" __global__ void broken() { undeclared = 1; }", 90, "cuda:0: softmax"));
        assertTrue(e.getMessage().startsWith("cuda:0: softmax: a kernel does not compile"), e.getMessage());
        assertTrue(e.getMessage().contains("\"undeclared\" is undefined"), e.getMessage());
    }

    @Test
    void theTargetIsTheBestThatTheDeviceRuns() {
        int[] known = {75, 80, 86, 90, 100, 120};
        assertEquals(new Nvrtc.Target(90, true), Nvrtc.target(known, 90));
        assertEquals(new Nvrtc.Target(86, true), Nvrtc.target(known, 89));
        assertEquals(new Nvrtc.Target(120, true), Nvrtc.target(known, 121));
        assertEquals(new Nvrtc.Target(100, false), Nvrtc.target(known, 110));
        BackendException e = assertThrows(BackendException.class, () -> Nvrtc.target(known, 61));
        assertTrue(e.getMessage().contains("the device has 6.1"), e.getMessage());
    }

    @Test
    void aLibraryThatIsNowhereIsAReason(@TempDir Path empty) {
        NativeLibrary.Search s = NativeLibrary.open("nvrtc", List.of(empty), List.of(empty), 99, 98);
        assertFalse(s.reason().isBlank());
        assertTrue(NativeLibrary.names("nvrtc", 99, 98).stream().allMatch(s.reason()::contains), s.reason());
        assertTrue(s.reason().contains("tenon.cuda.home"), s.reason());
    }
}
