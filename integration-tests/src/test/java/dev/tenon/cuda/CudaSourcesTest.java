package dev.tenon.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every kernel that the suite's samples lead to on a CUDA device, compiled by the toolkit's compiler. By default a
/// selection; all of them, for four generations of GPUs, with `-Dtenon.test.nvcc=all`.
class CudaSourcesTest {
    private static final DeviceTraits TRAITS = new DeviceTraits(false, true, 1024, 48 << 10, 80, 1, true);
    private static final boolean ALL = "all".equals(System.getProperty("tenon.test.nvcc"));
    private static final List<String> ARCHITECTURES =
            ALL ? List.of("sm_75", "sm_80", "sm_90", "sm_120") : List.of("sm_80");
    private static final int UNIT = 64;
    private static final int SELECTED = 96;

    @TempDir
    private Path folder;

    private static List<GeneratedKernel> gather() {
        for (var family : OpSamples.families().values()) {
            for (Sample s : family.get()) {
                try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
                    s.call().on(SourceBackend.device(), s.on(SourceBackend.device()));
                }
            }
        }
        return new ArrayList<>(SourceBackend.kernels().values());
    }

    /// Of each kind of kernel about as many, spread over all.
    private static List<GeneratedKernel> selection(List<GeneratedKernel> all) {
        Map<String, List<GeneratedKernel>> byName = new LinkedHashMap<>();
        all.forEach(k -> byName.computeIfAbsent(k.entry(), _ -> new ArrayList<>()).add(k));
        List<GeneratedKernel> out = new ArrayList<>();
        int each = Math.max(1, SELECTED / byName.size());
        for (List<GeneratedKernel> list : byName.values()) {
            int step = Math.max(1, list.size() / each);
            for (int i = 0; i < list.size(); i += step) {
                out.add(list.get(i));
            }
        }
        return out;
    }

    @Test
    void everyKernelCompiles() throws Exception {
        Optional<Path> nvcc = Nvcc.onPath();
        Assumptions.assumeTrue(nvcc.isPresent(), "no nvcc on the PATH: CUDA kernels are not compiled here");
        List<GeneratedKernel> all = gather();
        assertTrue(all.size() > 500, () -> "only " + all.size() + " kernels were gathered");
        List<GeneratedKernel> wanted = ALL ? all : selection(all);
        List<Callable<List<String>>> jobs = new ArrayList<>();
        for (int from = 0; from < wanted.size(); from += UNIT) {
            List<GeneratedKernel> unit = wanted.subList(from, Math.min(from + UNIT, wanted.size()));
            String name = "unit" + from / UNIT;
            for (String architecture : ARCHITECTURES) {
                jobs.add(() -> failures(nvcc.get(), name, unit, architecture));
            }
        }
        List<String> failures = new ArrayList<>();
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors());
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (Future<List<String>> f : pool.invokeAll(jobs)) {
                failures.addAll(get(f));
            }
        }
        System.out.println("nvcc: " + wanted.size() + " of " + all.size() + " kernels for " + ARCHITECTURES);
        assertEquals(List.of(), failures);
    }

    /// The compiler's complaints about a unit; where there are any, once more kernel by kernel to name the culprits.
    private List<String> failures(Path nvcc, String name, List<GeneratedKernel> kernels, String architecture)
            throws IOException, InterruptedException {
        Optional<String> first = Nvcc.compile(nvcc, folder, name + architecture, Nvcc.unit(kernels, TRAITS),
                architecture);
        if (first.isEmpty()) {
            return List.of();
        }
        List<String> out = new ArrayList<>();
        for (int i = 0; i < kernels.size() && out.isEmpty(); i++) {
            GeneratedKernel k = kernels.get(i);
            Nvcc.compile(nvcc, folder, name + architecture + "_" + i, k.source(), architecture)
                    .ifPresent(e -> out.add(architecture + " " + k.entry() + ":\n" + e + "\n" + k.source()));
        }
        return out.isEmpty() ? List.of(architecture + " " + name + ":\n" + first.get()) : out;
    }

    private static List<String> get(Future<List<String>> f) throws Exception {
        try {
            return f.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception x ? x : e;
        }
    }
}
