package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LayerNormBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import dev.tenon.backend.cuda.ConvolutionForm.Epilogue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real library, where there is one: what of it needs no device. `-Dtenon.cuda.home` names its folder.
class CudnnLibraryTest {
    private static CudnnLibrary library() {
        CudnnLibrary.Search found = CudnnLibrary.find();
        CudnnLibrary library = found.library();
        Assumptions.assumeTrue(library != null, found.reason());
        assertNotNull(library);
        return library;
    }

    private static void operation(CudnnLibrary library, Op op, TensorType... in) {
        List<TensorType> types = List.of(in);
        ConvolutionForm f = ConvolutionForm.of(op, types, op.infer(types)).orElseThrow();
        try (CudnnDescriptors d = new CudnnDescriptors(library)) {
            Cudnn.graph(d, f);
        }
        if (f.direction() == ConvolutionForm.Direction.FORWARD) {
            // With ReLU too, which only the graph optimiser asks for.
            try (CudnnDescriptors d = new CudnnDescriptors(library)) {
                Cudnn.graph(d, new ConvolutionForm(f.direction(), f.dtype(), f.x(), f.w(), f.y(), f.stride(),
                        f.padding(), f.dilation(), f.epilogue().hasBias() ? Epilogue.BIAS_RELU : Epilogue.RELU));
            }
        }
    }

    /// Every kind of convolution becomes an operation that the library finishes: types and numbers of all attributes,
    /// the shapes and the strides are right as far as it looks at them.
    @Test
    void theLibraryTakesOurDescriptions() {
        CudnnLibrary library = library();
        for (DType dtype : List.of(DType.F32, DType.F64, DType.F16, DType.BF16)) {
            for (int axes = 1; axes <= 3; axes++) {
                Convolution op = new Convolution(WindowGeometry.of(axes, 2, 1, 2), 2);
                long[] image = new long[axes + 2];
                long[] kernel = new long[axes + 2];
                Arrays.fill(image, 17);
                Arrays.fill(kernel, 3);
                image[1] = 8;
                kernel[0] = 6;
                kernel[1] = 4;
                TensorType x = TensorType.of(dtype, Shape.of(image));
                TensorType w = TensorType.of(dtype, Shape.of(kernel));
                TensorType y = op.infer(List.of(x, w)).getFirst();
                operation(library, op, x, w);
                operation(library, op, x, w, TensorType.of(dtype, Shape.of(6)));
                operation(library, new ConvolutionBackwardData(op, x.shape()), y, w);
                operation(library, new ConvolutionBackwardWeight(op, w.shape()), x, y);
            }
        }
    }

    private static void graph(CudnnLibrary library, Op op, TensorType... in) {
        List<TensorType> types = List.of(in);
        graph(library, op, types, op.infer(types));
    }

    private static void graph(CudnnLibrary library, Op op, List<TensorType> in, List<TensorType> out) {
        LibraryForm f = LibraryForm.of(op, in, out).orElseThrow();
        try (CudnnDescriptors d = new CudnnDescriptors(library)) {
            Cudnn.graph(d, f);
        }
    }

    private static TensorType type(DType dtype, long... dims) {
        return TensorType.of(dtype, Shape.of(dims));
    }

    @Test
    void theLibraryTakesOurDescriptionsOfNormalisations() {
        CudnnLibrary library = library();
        for (DType d : List.of(DType.F32, DType.F16, DType.BF16)) {
            TensorType c = type(DType.F32, 16);
            for (TensorType x : List.of(type(d, 4, 16), type(d, 4, 16, 5), type(d, 4, 16, 5, 6),
                    type(d, 4, 16, 5, 6, 3))) {
                graph(library, new BatchNorm(1e-5), x, c, c);
                graph(library, new BatchNormBackward(), x, x, c, c, c);
            }
            TensorType last = TensorType.of(d, Shape.of(4, 16, 5, 6), new long[] {480, 1, 96, 16});
            graph(library, new BatchNorm(1e-5), List.of(last, c, c), List.of(last, c, c));
            graph(library, new BatchNormBackward(), List.of(last, last, c, c, c), List.of(last, c, c));
            TensorType x = type(d, 4, 6, 16);
            TensorType rows = type(DType.F32, 4, 6);
            for (DType p : List.of(d, DType.F32)) {
                graph(library, new LayerNorm(1, 1e-5), x, type(p, 16), type(p, 16));
                graph(library, new LayerNormBackward(1), x, x, type(p, 16), rows, rows);
            }
        }
    }

    @Test
    void theLibraryTakesOurDescriptionsOfAttention() {
        CudnnLibrary library = library();
        for (DType d : List.of(DType.F16, DType.BF16)) {
            for (boolean causal : new boolean[] {false, true}) {
                Attention op = new Attention(causal, 0.125);
                TensorType q = type(d, 2, 3, 64, 32);
                TensorType k = type(d, 2, 3, 128, 32);
                TensorType v = type(d, 2, 3, 128, 16);
                TensorType o = type(d, 2, 3, 64, 16);
                TensorType sums = type(DType.F32, 2, 3, 64);
                graph(library, op, q, k, v);
                graph(library, new AttentionBackward(op, true), o, q, k, v, sums, sums, o);
            }
        }
    }

    /// What is refused is seen at the descriptor that does not fit, as far as the library looks: a product of matrices
    /// of different depths, say.
    @Test
    void attentionThatDoesNotFitIsRefused() {
        CudnnLibrary library = library();
        TensorType q = type(DType.F16, 2, 64, 32);
        List<TensorType> in = List.of(q, q, q);
        Attention op = new Attention(true, 1);
        AttentionForm f = AttentionForm.of(op, in, op.infer(in)).orElseThrow();
        AttentionForm wrong = new AttentionForm(false, f.dtype(), f.q(), TensorLayout.rows(2, 1, 64, 24), f.v(), f.o(),
                f.gradients(), true, 1);
        try (CudnnDescriptors d = new CudnnDescriptors(library)) {
            DriverException e = assertThrows(DriverException.class, () -> Cudnn.graph(d, wrong));
            assertEquals(CudnnCode.STATUS_BAD_PARAM / 1000, e.code() / 1000, e.getMessage());
        }
    }

    @Test
    void aResultThatDoesNotFitIsRefused() {
        CudnnLibrary library = library();
        TensorType x = TensorType.of(DType.F32, Shape.of(1, 2, 9, 9));
        TensorType w = TensorType.of(DType.F32, Shape.of(4, 2, 3, 3));
        Convolution op = new Convolution(WindowGeometry.of(2, 1, 1, 1), 1);
        ConvolutionForm f = ConvolutionForm.of(op, List.of(x, w), List.of(x)).orElseThrow();
        try (CudnnDescriptors d = new CudnnDescriptors(library)) {
            DriverException e = assertThrows(DriverException.class, () -> Cudnn.graph(d, f));
            assertTrue(e.getMessage().contains("CUDNN_STATUS_"), e.getMessage());
            assertEquals(CudnnCode.STATUS_BAD_PARAM / 1000, e.code() / 1000, e.getMessage());
        }
    }

    @Test
    void variantPacksAndUnfinishedPlans() {
        CudnnLibrary library = library();
        try (CudnnDescriptors d = new CudnnDescriptors(library)) {
            long pack = d.create(CudnnCode.BACKEND_VARIANT_PACK_DESCRIPTOR);
            d.longs(pack, CudnnCode.ATTR_VARIANT_PACK_DATA_POINTERS, CudnnCode.TYPE_VOID_PTR,
                    List.of(256L, 512L, 768L));
            d.integers(pack, CudnnCode.ATTR_VARIANT_PACK_UNIQUE_IDS, List.of(1L, 2L, 3L));
            d.longs(pack, CudnnCode.ATTR_VARIANT_PACK_WORKSPACE, CudnnCode.TYPE_VOID_PTR, List.of(0L));
            d.finish(pack, "a variant pack");
            long heuristics = d.create(CudnnCode.BACKEND_ENGINEHEUR_DESCRIPTOR);
            d.choice(heuristics, CudnnCode.ATTR_ENGINEHEUR_MODE, CudnnCode.TYPE_HEUR_MODE, CudnnCode.HEUR_MODE_A);
            DriverException e = assertThrows(DriverException.class, () -> d.finish(heuristics, "heuristics"));
            assertTrue(e.getMessage().startsWith("cudnnBackendFinalize of heuristics: CUDNN_STATUS_"), e.getMessage());
            assertThrows(DriverException.class, () -> d.given(d.create(CudnnCode.BACKEND_ENGINECFG_DESCRIPTOR),
                    CudnnCode.ATTR_ENGINECFG_ENGINE, CudnnCode.BACKEND_ENGINE_DESCRIPTOR, 1));
            assertThrows(DriverException.class, () -> d.choices(d.create(CudnnCode.BACKEND_ENGINE_DESCRIPTOR),
                    CudnnCode.ATTR_ENGINE_NUMERICAL_NOTE, CudnnCode.TYPE_NUMERICAL_NOTE,
                    CudnnCode.NUMERICAL_NOTE_TYPE_COUNT));
            assertThrows(DriverException.class, () -> d.integer(
                    d.create(CudnnCode.BACKEND_EXECUTION_PLAN_DESCRIPTOR),
                    CudnnCode.ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
        }
    }

    @Test
    void aHandleOrAReason() {
        CudnnLibrary library = library();
        assertTrue(CudnnLibrary.version(library.version()).startsWith("9."));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ValueLayout.ADDRESS);
            int status = library.create(slot);
            if (status == CudnnCode.STATUS_SUCCESS) {
                assertEquals(CudnnCode.STATUS_SUCCESS, library.destroy(slot.get(ValueLayout.ADDRESS, 0).address()));
            } else {
                DriverException e =
                        assertThrows(DriverException.class, () -> library.check("cudnnCreate", status));
                assertTrue(e.getMessage().startsWith("cudnnCreate: CUDNN_STATUS_"), e.getMessage());
            }
        }
    }

    @Test
    void aLibraryThatIsNowhereIsAReason(@TempDir Path empty) {
        NativeLibrary.Search nowhere = NativeLibrary.open("cudnn", List.of(empty), List.of(empty), 99);
        CudnnLibrary.Search s = CudnnLibrary.open(nowhere, _ -> nowhere);
        assertFalse(s.reason().isBlank());
        assertTrue(s.reason().contains("cudnn"), s.reason());
        assertEquals("9.19.1", CudnnLibrary.version(91901));
    }

    /// It would end the process.
    @Test
    void withoutCublasLtItIsNotUsed() {
        library();
        CudnnLibrary.Search s = CudnnLibrary.open(NativeLibrary.open("cudnn", 9),
                _ -> new NativeLibrary.Search(null, "nowhere"));
        assertNull(s.library());
        assertTrue(s.reason().matches(".*cudnn.* needs cuBLASLt 1[23]: nowhere"), s.reason());
    }
}
