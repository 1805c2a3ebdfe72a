package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertNotNull;
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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// Which engines the real library's heuristics name for devices that are only described to it, as it has let them be
/// since 9.8: that it knows our graphs again as ones that it has kernels for. For normalisation and attention it loads
/// the driver's library, though it asks no device.
class CudnnHeuristicsTest {
    private static final int DEVICE_DESCRIPTOR = 38;
    private static final int TYPE_CHAR = 24;
    private static final int ATTR_ENGINEHEUR_DEVICEPROP = 204;
    private static final int ATTR_DEVICEPROP_JSON_REPRESENTATION = 2702;

    /// A device's name, compute capability, multiprocessors and shared memory of a block at most.
    private record Described(String name, int capability, int units, int shared) {
        String json() {
            return String.format(Locale.ROOT, """
                    {"maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64], "warpSize": 32,
                    "regsPerBlock": 65536, "multiProcessorCount": %d, "maxSharedMemoryPerBlock": 49152,
                    "maxSharedMemoryPerBlockOptin": %d, "reservedSharedMemoryPerBlock": 1024, "pciDeviceId": 0,
                    "maxRegistersPerSM": 65536, "maxCtasPerSM": 32, "maxThreadsPerBlock": 1024, "isTccDriver": 0,
                    "maxThreadsPerSM": 2048, "supportCoopLaunch": 1, "totalGlobalMem": 42949672960,
                    "smClockRateKHz": 1500000, "memClockRateKHz": 1500000, "l2CacheSize": 41943040, "cudaDeviceId": 0,
                    "deviceVer": %d, "driverVer": 13000, "deviceName": "%s"}""", units, shared, capability, name);
        }
    }

    private static final List<Described> DEVICES = List.of(new Described("A100", 800, 108, 166912),
            new Described("H100", 900, 132, 232448));

    private static CudnnLibrary library() {
        CudnnLibrary.Search found = CudnnLibrary.find();
        CudnnLibrary library = found.library();
        Assumptions.assumeTrue(library != null, found.reason());
        assertNotNull(library);
        Assumptions.assumeTrue(library.version() >= 90800, "cuDNN before 9.8 knows no described devices");
        return library;
    }

    /// The numerical notes of the engines that are named for a form, those of the best mode first.
    private static List<List<Integer>> engines(CudnnLibrary library, Described device, LibraryForm form) {
        List<List<Integer>> all = new ArrayList<>();
        try (Arena arena = Arena.ofConfined(); CudnnDescriptors d = new CudnnDescriptors(library)) {
            long described = d.create(DEVICE_DESCRIPTOR);
            MemorySegment json = arena.allocateFrom(device.json());
            library.check("describing " + device.name(), library.setAttribute(described,
                    ATTR_DEVICEPROP_JSON_REPRESENTATION, TYPE_CHAR, json.byteSize(), json));
            d.finish(described, "a description of a device");
            long graph = Cudnn.graph(d, form).finish(0);
            for (int mode : new int[] {CudnnCode.HEUR_MODE_A, CudnnCode.HEUR_MODE_FALLBACK}) {
                long heuristics = d.create(CudnnCode.BACKEND_ENGINEHEUR_DESCRIPTOR);
                d.descriptor(heuristics, CudnnCode.ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
                d.choice(heuristics, CudnnCode.ATTR_ENGINEHEUR_MODE, CudnnCode.TYPE_HEUR_MODE, mode);
                d.descriptor(heuristics, ATTR_ENGINEHEUR_DEVICEPROP, described);
                d.finish(heuristics, "heuristics");
                for (long c : d.given(heuristics, CudnnCode.ATTR_ENGINEHEUR_RESULTS,
                        CudnnCode.BACKEND_ENGINECFG_DESCRIPTOR, -1)) {
                    long engine = d.given(c, CudnnCode.ATTR_ENGINECFG_ENGINE, CudnnCode.BACKEND_ENGINE_DESCRIPTOR, 1)
                            .getFirst();
                    all.add(d.choices(engine, CudnnCode.ATTR_ENGINE_NUMERICAL_NOTE, CudnnCode.TYPE_NUMERICAL_NOTE,
                            CudnnCode.NUMERICAL_NOTE_TYPE_COUNT));
                }
            }
        }
        return all;
    }

    private static void wanted(CudnnLibrary library, Op op, List<TensorType> in, List<TensorType> out) {
        LibraryForm form = LibraryForm.of(op, in, out).orElseThrow();
        Set<Integer> unwanted = Cudnn.unwanted(form.dtype(), false);
        for (Described device : DEVICES) {
            List<List<Integer>> engines = engines(library, device, form);
            assertTrue(engines.stream().anyMatch(e -> Collections.disjoint(e, unwanted)),
                    () -> device.name() + ": " + form + ": " + engines);
        }
    }

    private static TensorType type(DType dtype, long... dims) {
        return TensorType.of(dtype, Shape.of(dims));
    }

    private static TensorType channelsLast(DType dtype, long n, long c, long h, long w) {
        return TensorType.of(dtype, Shape.of(n, c, h, w), new long[] {c * h * w, 1, w * c, c});
    }

    @Test
    void convolutionsHaveEngines() {
        CudnnLibrary library = library();
        Convolution op = new Convolution(WindowGeometry.of(2, 1, 1, 1), 1);
        for (DType d : List.of(DType.F32, DType.F16, DType.BF16)) {
            TensorType w = type(d, 64, 64, 3, 3);
            for (TensorType x : List.of(type(d, 32, 64, 56, 56), channelsLast(d, 32, 64, 56, 56))) {
                wanted(library, op, List.of(x, w), List.of(x));
                wanted(library, new ConvolutionBackwardData(op, x.shape()), List.of(x, w), List.of(x));
                wanted(library, new ConvolutionBackwardWeight(op, w.shape()), List.of(x, x), List.of(w));
            }
        }
    }

    // Only whether it is there.
    @SuppressWarnings("restricted")
    private static void assumeDriver() {
        try (Arena arena = Arena.ofConfined()) {
            assertNotNull(SymbolLookup.libraryLookup("libcuda.so.1", arena));
        } catch (IllegalArgumentException e) {
            Assumptions.abort("no driver: " + e.getMessage());
        }
    }

    @Test
    void normalisationsHaveEngines() {
        CudnnLibrary library = library();
        assumeDriver();
        TensorType channels = type(DType.F32, 64);
        TensorType rows = type(DType.F32, 4096);
        for (DType d : List.of(DType.F32, DType.F16, DType.BF16)) {
            for (TensorType x : List.of(type(d, 32, 64, 56, 56), channelsLast(d, 32, 64, 56, 56))) {
                wanted(library, new BatchNorm(1e-5), List.of(x, channels, channels), List.of(x, channels, channels));
                wanted(library, new BatchNormBackward(), List.of(x, x, channels, channels, channels),
                        List.of(x, channels, channels));
            }
            TensorType x = type(d, 4096, 1024);
            for (DType p : List.of(d, DType.F32)) {
                TensorType w = type(p, 1024);
                wanted(library, new LayerNorm(1, 1e-5), List.of(x, w, w), List.of(x, rows, rows));
                wanted(library, new LayerNormBackward(1), List.of(x, x, w, rows, rows), List.of(x, w, w));
            }
        }
    }

    @Test
    void attentionHasEngines() {
        CudnnLibrary library = library();
        assumeDriver();
        for (DType d : List.of(DType.F16, DType.BF16)) {
            for (boolean causal : new boolean[] {false, true}) {
                for (long[] s : new long[][] {{1024, 64}, {512, 128}, {200, 32}}) {
                    Attention op = new Attention(causal, 0.125);
                    TensorType q = type(d, 2, 8, s[0], s[1]);
                    TensorType sums = type(DType.F32, 2, 8, s[0]);
                    wanted(library, op, List.of(q, q, q), List.of(q, sums));
                    wanted(library, new AttentionBackward(op, true), List.of(q, q, q, q, sums, sums, q),
                            List.of(q, q, q));
                }
            }
        }
    }
}
