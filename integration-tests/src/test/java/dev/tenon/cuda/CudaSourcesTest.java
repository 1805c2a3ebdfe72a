package dev.tenon.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelSource;
import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every kernel that the suite's samples lead to on a CUDA device, compiled by the toolkit's compiler. By default those
/// of a selection of samples, for the oldest and the newest generation of GPUs; all of them, for four generations, with
/// `-Dtenon.test.nvcc=all`, which takes some minutes.
class CudaSourcesTest {
    private static final DeviceTraits TRAITS = new DeviceTraits(false, true, 1024, 48 << 10, 80, 1, true);
    private static final boolean ALL = "all".equals(System.getProperty("tenon.test.nvcc"));
    private static final List<Integer> ARCHITECTURES = ALL ? List.of(75, 80, 90, 120) : List.of(75, 120);
    private static final int UNIT = 256;
    private static final int EVERY = ALL ? 1 : 101;

    @TempDir
    private Path folder;

    private static List<GeneratedKernel> gather() {
        int n = 0;
        for (var family : OpSamples.families().values()) {
            for (Sample s : family.get()) {
                if (n++ % EVERY == 0) {
                    try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
                        s.call().on(SourceBackend.device(), s.on(SourceBackend.device()));
                    }
                }
            }
        }
        return new ArrayList<>(SourceBackend.kernels().values());
    }

    @Test
    void everyKernelCompiles() throws Exception {
        Optional<Path> nvcc = Nvcc.onPath();
        Assumptions.assumeTrue(nvcc.isPresent(), "no nvcc on the PATH: CUDA kernels are not compiled here");
        List<GeneratedKernel> all = gather();
        assertTrue(all.size() > 100, () -> "only " + all.size() + " kernels were gathered");
        List<Callable<List<String>>> jobs = new ArrayList<>();
        jobs(jobs, nvcc.get(), all, 75, ARCHITECTURES);
        // From 8.0 on bfloat16 is rounded by an instruction.
        jobs(jobs, nvcc.get(), all.stream().filter(k -> k.source().contains("bf16_bits(")).toList(), 80,
                ARCHITECTURES.stream().filter(a -> a >= 80).toList());
        List<String> failures = new ArrayList<>();
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors());
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (Future<List<String>> f : pool.invokeAll(jobs)) {
                failures.addAll(get(f));
            }
        }
        System.out.println("nvcc: " + all.size() + " kernels for " + ARCHITECTURES);
        assertEquals(List.of(), failures);
    }

    private void jobs(List<Callable<List<String>>> jobs, Path nvcc, List<GeneratedKernel> kernels, int virtual,
            List<Integer> architectures) {
        for (int from = 0; from < kernels.size(); from += UNIT) {
            List<GeneratedKernel> unit = kernels.subList(from, Math.min(from + UNIT, kernels.size()));
            String name = "unit" + virtual + "_" + from / UNIT;
            jobs.add(() -> failures(nvcc, name, unit, virtual, architectures));
        }
    }

    /// The compiler's complaints about a unit; where there are any, kernel by kernel to name the first culprit.
    private List<String> failures(Path nvcc, String name, List<GeneratedKernel> kernels, int virtual,
            List<Integer> architectures) throws IOException, InterruptedException {
        Optional<String> first =
                Nvcc.compile(nvcc, folder, name, Nvcc.unit(kernels, TRAITS), virtual, architectures);
        if (first.isEmpty()) {
            return List.of();
        }
        for (GeneratedKernel k : kernels) {
            Optional<String> e = Nvcc.compile(nvcc, folder, name, k.source(), virtual, architectures);
            if (e.isPresent()) {
                return List.of(k.entry() + " for " + architectures + ":\n" + e.get() + "\n" + k.source());
            }
        }
        return List.of(name + " for " + architectures + ":\n" + first.get());
    }

    /// A kernel that takes the run's numbers from memory, and the one that puts them there.
    @Test
    void numbersInMemoryCompileToo() throws Exception {
        Optional<Path> nvcc = Nvcc.onPath();
        Assumptions.assumeTrue(nvcc.isPresent(), "no nvcc on the PATH: CUDA kernels are not compiled here");
        Expr scaled = Exprs.mul(Exprs.in(0, DType.F32), new Expr.Param(Kind.F32, 1));
        MapOp op = MapOp.of("scale", Lambda.of(scaled, DType.F32), Scalars.of(0, 3));
        TensorType type = TensorType.of(DType.F32, Shape.of(10));
        KernelSource source = new KernelSource(CudaDialect.INSTANCE, TRAITS);
        GeneratedKernel k = source.plan(op, List.of(type), List.of(type)).orElseThrow().kernels().getFirst();
        for (String text : List.of(CudaDialect.withParams(k, true), CudaDialect.putNumbers(256))) {
            assertEquals(Optional.empty(), Nvcc.compile(nvcc.get(), folder, "numbers", text, 75, List.of(75)), text);
        }
    }

    private static List<String> get(Future<List<String>> f) throws Exception {
        try {
            return f.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception x ? x : e;
        }
    }
}
