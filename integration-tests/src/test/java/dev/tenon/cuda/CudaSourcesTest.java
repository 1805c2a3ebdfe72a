package dev.tenon.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import dev.tenon.cuda.Nvcc.Outcome;
import dev.tenon.cuda.Nvcc.Use;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GemmTile;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelPlan;
import dev.tenon.kernel.KernelSource;
import dev.tenon.kernel.MmaTile;
import dev.tenon.kernel.TensorCores;
import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every kernel that the suite's samples lead to on a CUDA device, compiled by the toolkit's compiler. By default those
/// of a selection of samples, for the oldest and the newest generation of GPUs; all of them, for four generations, with
/// `-Dtenon.test.nvcc=all`. With `-Dtenon.test.nvcc.optimised=true` they are optimised as on a device, which takes
/// twenty times as long and tells what registers they take; `-Dtenon.test.nvcc.families` names the families of samples
/// that are wanted. With `-Dtenon.test.nvcc.dir` what was compiled is noted in that folder, and a second run goes on
/// where the first one ended.
class CudaSourcesTest {
    private static final DeviceTraits TRAITS = new DeviceTraits(false, true, 1024, 48 << 10, 80, 1, true);
    private static final boolean ALL = "all".equals(System.getProperty("tenon.test.nvcc"));
    private static final boolean OPTIMISED = Boolean.getBoolean("tenon.test.nvcc.optimised");
    private static final String FAMILIES = System.getProperty("tenon.test.nvcc.families", ".*");
    private static final String NOTES = System.getProperty("tenon.test.nvcc.dir", "");
    private static final List<Integer> ARCHITECTURES = ALL ? List.of(75, 80, 90, 120) : List.of(75, 120);
    private static final int UNIT = 128;
    /// What a whole warp does at once, and what a whole group does.
    private static final Pattern WARP =
            Pattern.compile("\\b(SHUFFLE_DOWN|mma_\\w+|load_matrices|load_transposed|__syncwarp)\\(");
    private static final Pattern TOGETHER = Pattern.compile("\\bBARRIER\\b|" + WARP.pattern());
    private static final int EVERY = ALL ? 1 : 101;

    @TempDir
    private Path folder;

    /// Kernels of one text each, by the family of samples that led to them first: a change of one family leaves the
    /// units of the others as they are.
    private static Map<String, List<GeneratedKernel>> gather() {
        int n = 0;
        Set<String> known = new HashSet<>();
        Map<String, List<GeneratedKernel>> all = new LinkedHashMap<>();
        for (var family : OpSamples.families().entrySet()) {
            if (!family.getKey().matches(FAMILIES)) {
                continue;
            }
            for (Sample s : family.getValue().get()) {
                if (n++ % EVERY == 0) {
                    try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
                        s.call().on(SourceBackend.device(), s.on(SourceBackend.device()));
                    }
                }
            }
            List<GeneratedKernel> own = SourceBackend.kernels().values().stream()
                    .filter(k -> known.add(k.source())).sorted(Comparator.comparing(GeneratedKernel::source)).toList();
            for (GeneratedKernel k : own) {
                String name = (ALL ? family.getKey() : "some") + (k.source().contains("mma_") ? " mma" : "");
                all.computeIfAbsent(name, _ -> new ArrayList<>()).add(k);
            }
        }
        return all;
    }

    @Test
    void everyKernelCompiles() throws Exception {
        Optional<Path> nvcc = Nvcc.onPath();
        Assumptions.assumeTrue(nvcc.isPresent(), "no nvcc on the PATH: CUDA kernels are not compiled here");
        Map<String, List<GeneratedKernel>> all = gather();
        int count = all.values().stream().mapToInt(List::size).sum();
        System.out.println("nvcc: " + count + " kernels gathered, now compiled for " + ARCHITECTURES);
        all.forEach((family, kernels) -> System.out.println("    " + kernels.size() + " of " + family));
        assertTrue(count > 100, () -> "only " + count + " kernels were gathered");
        List<Callable<Outcome>> jobs = new ArrayList<>();
        all.forEach((family, kernels) -> {
            List<Integer> newer = ARCHITECTURES.stream().filter(a -> a >= 80).toList();
            jobs(jobs, nvcc.get(), family, kernels.stream().filter(k -> SourceBackend.first(k) < 80).toList(), 75,
                    ARCHITECTURES);
            jobs(jobs, nvcc.get(), family, kernels.stream().filter(k -> SourceBackend.first(k) >= 80
                    || SourceBackend.changes(k)).toList(), 80, newer);
        });
        List<String> failures = new ArrayList<>();
        List<Use> uses = new ArrayList<>();
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors());
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (Future<Outcome> f : pool.invokeAll(jobs)) {
                Outcome o = get(f);
                o.failure().ifPresent(failures::add);
                uses.addAll(o.uses());
            }
        }
        if (OPTIMISED) {
            report("registers", uses, Use::registers);
            report("bytes spilled", uses, Use::spilled);
        }
        report("bytes of shared memory", uses, Use::shared);
        assertEquals(List.of(), failures);
    }

    private static void report(String what, List<Use> uses, ToIntFunction<Use> number) {
        uses.stream().sorted(Comparator.comparingInt(number).reversed()).filter(u -> number.applyAsInt(u) > 0).limit(5)
                .forEach(u -> System.out.println("most " + what + ": " + u));
    }

    private void jobs(List<Callable<Outcome>> jobs, Path nvcc, String family, List<GeneratedKernel> kernels,
            int virtual, List<Integer> architectures) {
        for (int from = 0; from < kernels.size(); from += UNIT) {
            List<GeneratedKernel> unit = kernels.subList(from, Math.min(from + UNIT, kernels.size()));
            String name = family.replaceAll("\\W", "_") + virtual + "_" + from / UNIT;
            jobs.add(() -> outcome(nvcc, name, unit, virtual, architectures));
        }
    }

    /// What came of a unit; where it failed, kernel by kernel to name the first culprit.
    private Outcome outcome(Path nvcc, String name, List<GeneratedKernel> kernels, int virtual,
            List<Integer> architectures) throws IOException, InterruptedException {
        String text = Nvcc.unit(kernels, TRAITS);
        Optional<Path> note = note(text, virtual, architectures);
        if (note.isPresent() && Files.exists(note.get())) {
            return new Outcome(Optional.empty(), Files.readAllLines(note.get()).stream().map(line -> {
                String[] s = line.split(" ");
                return new Use(s[0], s[1], Integer.parseInt(s[2]), Integer.parseInt(s[3]), Integer.parseInt(s[4]));
            }).toList());
        }
        Outcome first = Nvcc.compile(nvcc, folder, name, text, virtual, architectures, OPTIMISED);
        if (first.failure().isEmpty()) {
            if (note.isPresent()) {
                Files.write(note.get(), first.uses().stream().map(u -> u.kernel() + " " + u.architecture() + " "
                        + u.registers() + " " + u.spilled() + " " + u.shared()).toList());
            }
            return first;
        }
        for (GeneratedKernel k : kernels) {
            Outcome one = Nvcc.compile(nvcc, folder, name, k.source(), virtual, architectures, OPTIMISED);
            if (one.failure().isPresent()) {
                return new Outcome(Optional.of(k.entry() + " for " + architectures + ":\n" + one.failure().get() + "\n"
                        + k.source()), List.of());
            }
        }
        return new Outcome(Optional.of(name + " for " + architectures + ":\n" + first.failure().get()), List.of());
    }

    private static Optional<Path> note(String text, int virtual, List<Integer> architectures) throws IOException {
        if (NOTES.isEmpty()) {
            return Optional.empty();
        }
        try {
            String key = OPTIMISED + " " + virtual + " " + architectures + "\n" + text;
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
            return Optional.of(Files.createDirectories(Path.of(NOTES)).resolve(HexFormat.of().formatHex(digest)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// What no compiler sees: launches beyond the device's limits, threads that have left before the others wait for
    /// them, and values exchanged in warps that are not whole.
    @Test
    void launchesAreWithinLimits() {
        for (GeneratedKernel k : gather().values().stream().flatMap(List::stream).toList()) {
            assertTrue(k.groups() >= 1 && k.groups() <= Integer.MAX_VALUE && k.local() >= 1 && k.local() <= 1024,
                    () -> k.groups() + " groups of " + k.local() + ": " + k.source());
            String body = k.source().substring(k.source().lastIndexOf("KERNEL(" + k.local() + ") void "));
            int left = body.indexOf("return;");
            assertTrue(left < 0 || !TOGETHER.matcher(body).find(left),
                    () -> "threads leave before a barrier: " + k.source());
            assertTrue(k.local() % 32 == 0 || !WARP.matcher(body).find(), () -> "warps that are not whole: "
                    + k.source());
        }
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
            assertEquals(Optional.empty(),
                    Nvcc.compile(nvcc.get(), folder, "numbers", text, 75, List.of(75), true).failure(), text);
        }
    }

    /// Tiles on tensor cores are of no use if what a warp computes does not stay in registers; two groups of 256
    /// threads share the 65,536 registers of a multiprocessor if a thread takes no more than 128.
    @Test
    void productsOnTensorCoresStayInRegisters() throws Exception {
        Optional<Path> nvcc = Nvcc.onPath();
        Assumptions.assumeTrue(nvcc.isPresent(), "no nvcc on the PATH: CUDA kernels are not compiled here");
        List<GeneratedKernel> ampere = products(80, List.of(DType.F16, DType.F32));
        ampere.add(products(80, List.of(DType.BF16)).getFirst());
        stayInRegisters(nvcc.get(), ampere, 80, ARCHITECTURES.stream().filter(a -> a >= 80).toList());
        stayInRegisters(nvcc.get(), products(75, List.of(DType.F16)), 75, ARCHITECTURES);
    }

    /// Products of operands that lie in rows, in columns and with rows of an odd length, cut in every way, and a
    /// convolution.
    private static List<GeneratedKernel> products(int capability, List<DType> dtypes) {
        TensorCores usual = new TensorCores(capability, true);
        List<GeneratedKernel> kernels = new ArrayList<>();
        for (DType d : dtypes) {
            TensorType rows = TensorType.of(d, Shape.of(4096, 4096));
            TensorType columns = TensorType.of(d, rows.shape(), new long[] {1, 4096});
            TensorType odd = TensorType.of(d, rows.shape(), new long[] {4097, 1});
            for (List<TensorType> in : List.of(List.of(rows, rows), List.of(columns, columns), List.of(odd, rows))) {
                for (MmaTile tile : plan(MatMulOp.PLAIN, in, usual).choice().orElseThrow().tiles()) {
                    kernels.addAll(plan(MatMulOp.PLAIN, in, new TensorCores(capability, true, tile)).kernels());
                }
            }
        }
        List<Integer> ones = List.of(1, 1);
        Convolution op = new Convolution(new WindowGeometry(ones, ones, ones, ones), 1);
        kernels.addAll(plan(op, List.of(TensorType.of(DType.F16, Shape.of(64, 128, 28, 28)),
                TensorType.of(DType.F16, Shape.of(128, 128, 3, 3))), usual).kernels());
        return kernels;
    }

    private static KernelPlan plan(Op op, List<TensorType> in, TensorCores units) {
        return new KernelSource(CudaDialect.INSTANCE, TRAITS.withTensorCores(units)).plan(op, in, op.infer(in))
                .orElseThrow();
    }

    private void stayInRegisters(Path nvcc, List<GeneratedKernel> kernels, int virtual, List<Integer> architectures)
            throws IOException, InterruptedException {
        assertTrue(kernels.stream().allMatch(k -> k.entry().equals("matmul_mma")));
        List<Use> uses = Nvcc.compile(nvcc, folder, "mma" + virtual, Nvcc.unit(kernels, TRAITS), virtual,
                architectures, true).uses();
        assertEquals(kernels.size() * architectures.size(), uses.size());
        uses.forEach(u -> System.out.println(u));
        assertEquals(List.of(), uses.stream().filter(u -> u.spilled() > 0 || u.registers() > 128).toList());
    }

    /// The same of products without them: two groups of 256 threads share a multiprocessor, but on the oldest
    /// generation where operands come element by element.
    @Test
    void productsWithoutTensorCoresStayInRegisters() throws Exception {
        Optional<Path> nvcc = Nvcc.onPath();
        Assumptions.assumeTrue(nvcc.isPresent(), "no nvcc on the PATH: CUDA kernels are not compiled here");
        TensorType rows = TensorType.of(DType.F32, Shape.of(4096, 4096));
        TensorType odd = TensorType.of(DType.F32, rows.shape(), new long[] {4097, 1});
        List<GeneratedKernel> kernels = new ArrayList<>();
        for (GemmTile tile : TRAITS.tiles(Kind.F32)) {
            KernelSource source = new KernelSource(CudaDialect.INSTANCE, TRAITS.withTile(Kind.F32, tile));
            for (TensorType left : tile.rows() == 8 && tile.columns() == 8 ? List.of(rows, odd) : List.of(rows)) {
                kernels.addAll(source.plan(MatMulOp.PLAIN, List.of(left, rows), List.of(rows)).orElseThrow().kernels());
            }
        }
        List<Use> uses = Nvcc.compile(nvcc.get(), folder, "tiles", Nvcc.unit(kernels, TRAITS), 75, ARCHITECTURES, true)
                .uses();
        assertEquals(kernels.size() * ARCHITECTURES.size(), uses.size());
        uses.forEach(u -> System.out.println(u));
        assertEquals(List.of(), uses.stream().filter(u -> u.spilled() > 0
                || u.registers() > (u.architecture().equals("sm_75") ? 144 : 128)).toList());
    }

    private static <T> T get(Future<T> f) throws Exception {
        try {
            return f.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception x ? x : e;
        }
    }
}
