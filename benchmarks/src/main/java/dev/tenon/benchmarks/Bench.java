package dev.tenon.benchmarks;

import dev.tenon.benchmarks.jmh.JmhRunner;
import dev.tenon.data.format.AtomicFiles;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The command `tenon bench`.
@Command(name = "tenon bench", mixinStandardHelpOptions = true, sortOptions = false, description = {
    "Times Tenon, and peers beside it: each side is a process of its own, and for every case they run in turn.",
    "",
    "A ratio is the fastest peer's median time by Tenon's: above 1 Tenon is faster. %% of peak is of the f32"
        + " multiply-adds, and %% of stream of the bytes, that this machine was measured to do at most."})
public final class Bench implements Callable<Integer> {
    private static final int WORST = 25;

    @Option(names = "--against", paramLabel = "PEER", split = ",",
        description = "Several with commas between them, of which the fastest counts: libtorch, onednn,"
            + " onednn-packed, onnxruntime (their native libraries are fetched, 250 MB); clblast, with an OpenCL"
            + " device; torch, torch-compile, torch-graph, which are PyTorch's Python with training steps eager, by"
            + " torch.compile and as CUDA graphs. libtorch and onednn run twice, with OpenMP threads that sleep and"
            + " with such that spin. onednn-packed are products of matrices that lie as oneDNN likes best before the"
            + " clock runs; it counts where it is alone")
    private List<String> against = List.of();

    @Option(names = "--device", paramLabel = "D", defaultValue = "default",
        description = "what Tenon runs on: cpu, cuda:0, opencl:0, ... (default: the usual choice)")
    private String device = "default";

    @Option(names = "--cases", paramLabel = "SET", description = "cpu; gpu, the default with --device cuda or opencl;"
        + " or gpu-small, the same with sizes for a processor")
    private @Nullable String set;

    @Option(names = "--only", paramLabel = "REGEX", description = "only cases whose name has a match")
    private @Nullable Pattern only;

    @Option(names = "--also-java", description = "Tenon a second time, without native libraries"
        + " (-Dtenon.cpu.onednn=false)")
    private boolean alsoJava;

    @Option(names = "--sweep", description = "sizes from 1 up, odd and prime ones among them, instead of the usual"
        + " cases; at the end where the ratio is worst")
    private boolean sweep;

    @Option(names = "--plot", paramLabel = "FILE", description = "with --sweep and --against: draw the ratio by size,"
        + " as PNG")
    private @Nullable Path plot;

    @Option(names = "--one-thread", description = "all sides compute on one thread, and its processor time counts: for"
        + " a machine that is not quiet")
    private boolean oneThread;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "3",
        description = "how often the sides take turns on a case (default: ${DEFAULT-VALUE})")
    private int rounds = 3;

    @Option(names = "--seconds", paramLabel = "S", defaultValue = "0.5",
        description = "measured in each round, after half as long a warm-up (default: ${DEFAULT-VALUE} s)")
    private double seconds = 0.5;

    @Option(names = "--warm-up", paramLabel = "S", defaultValue = "3",
        description = "run before the first round of a case (default: ${DEFAULT-VALUE} s)")
    private double warmUp = 3;

    @Option(names = "--jvm", paramLabel = "OPTION",
        description = "for the JVM that Tenon runs in, for example -Dtenon.x=y")
    private List<String> jvm = List.of();

    @Option(names = "--python", paramLabel = "FILE", description = "the Python of --against torch, if it is not the"
        + " one on the PATH")
    private @Nullable String python;

    @Option(names = "--json", paramLabel = "FILE", description = "write one line of JSON for each case")
    private @Nullable Path json;

    @Option(names = "--markdown", paramLabel = "FILE", description = "write the table in Markdown")
    private @Nullable Path markdown;

    @Option(names = "--list", description = "print the names of the cases and end")
    private boolean list;

    @Option(names = "--jmh", description = "as the first word: the kernels one by one under JMH, by size, dtype and"
        + " layout; what follows is JMH's own, for example --jmh MatMul -p size=64x64x64 -prof gc (--jmh -h)")
    private boolean jmh;

    private final PrintStream out = System.out;

    private Bench() {}

    /// Runs the command and ends the JVM with its exit code.
    ///
    /// @throws Exception if JMH cannot run
    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals("--jmh")) {
            JmhRunner.run(Arrays.copyOfRange(args, 1, args.length));
            return;
        }
        System.exit(new CommandLine(new Bench()).execute(args));
    }

    private List<SweepCases.Point> points() {
        return SweepCases.all().stream().filter(p -> only == null || only.matcher(p.c().name()).find()).toList();
    }

    private List<BenchCase> cases() {
        if (sweep) {
            return points().stream().map(SweepCases.Point::c).toList();
        }
        String which = set != null ? set : device.matches("(cuda|opencl).*") ? "gpu" : "cpu";
        List<BenchCase> all = switch (which) {
            case "cpu" -> Cases.ALL;
            case "gpu" -> GpuCases.all(false);
            case "gpu-small" -> GpuCases.all(true);
            default -> throw new IllegalArgumentException("--cases " + which + ": known are cpu, gpu, gpu-small");
        };
        return all.stream().filter(c -> only == null || only.matcher(c.name()).find()).toList();
    }

    @Override
    public Integer call() throws IOException {
        if (jmh) {
            throw new IllegalArgumentException("--jmh must be the first word: what follows is read by JMH");
        }
        if (plot != null && (!sweep || against.isEmpty())) {
            throw new IllegalArgumentException("--plot draws ratios by size: give --sweep and --against too");
        }
        List<BenchCase> cases = cases();
        if (cases.isEmpty()) {
            throw new IllegalArgumentException("no case matches --only " + only + "; --list prints them all");
        }
        if (list) {
            cases.forEach(c -> out.println(c.name()));
            return 0;
        }
        Path log = Files.createTempFile("tenon-bench", ".log");
        List<Result> results = new ArrayList<>();
        List<Contender> sides = new ArrayList<>();
        try {
            sides.add(Contender.tenon("tenon", device, log, jvm, oneThread));
            if (alsoJava) {
                List<String> options = new ArrayList<>(jvm);
                options.add("-Dtenon.cpu.onednn=false");
                sides.add(Contender.tenon("java", device, log, options, oneThread));
            }
            for (String name : against) {
                sides.add(Contender.of(name, device, log, python, oneThread));
            }
            sides.forEach(s -> s.ways().forEach(p -> out.println(p.description())));
            run(cases, sides, results);
        } catch (IOException e) {
            out.println("what the processes printed: " + log);
            throw e;
        } finally {
            sides.forEach(Contender::close);
        }
        boolean failed = results.stream().anyMatch(r -> !r.errors().isEmpty());
        if (failed) {
            out.println("what the processes printed: " + log);
        } else {
            Files.delete(log);
        }
        return failed ? 1 : 0;
    }

    private void run(List<BenchCase> cases, List<Contender> sides, List<Result> results) throws IOException {
        Machine machine = sides.getFirst().ways().getFirst().machine();
        out.printf(Locale.ROOT, "%s: %.0f GFLOP/s f32, %.1f GB/s copying; %d processors, load average %.2f%n%n",
            device.matches("(cuda|opencl).*") ? device : "processor", machine.flops() / 1e9, machine.bytes() / 1e9,
            Runtime.getRuntime().availableProcessors(),
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        if (oneThread) {
            out.printf("processor time of one thread%n");
        }
        out.println(Result.header(against, alsoJava));
        boolean anew = false;
        for (BenchCase c : cases) {
            boolean wants = c.wholeProgram() || !c.options().isEmpty();
            if (wants || anew) {
                for (Contender side : sides) {
                    boolean ours = side.name().equals("tenon") || side.name().equals("java");
                    if (c.wholeProgram() || ours) {
                        side.restart(ours ? c.options() : List.of());
                    }
                }
            }
            anew = !c.options().isEmpty();
            Result r = measure(c, sides);
            results.add(r);
            out.println(r.row(against, alsoJava, machine));
        }
        summary(results, machine);
        if (json != null) {
            StringBuilder lines = new StringBuilder();
            for (Result r : results) {
                lines.append(r.json(machine)).append('\n');
            }
            AtomicFiles.write(json.toAbsolutePath(), lines.toString().getBytes(StandardCharsets.UTF_8));
        }
        if (markdown != null) {
            StringBuilder table = new StringBuilder(Result.markdownHeader(against, alsoJava));
            results.forEach(r -> table.append(r.markdown(against, alsoJava, machine)).append('\n'));
            AtomicFiles.write(markdown.toAbsolutePath(), table.toString().getBytes(StandardCharsets.UTF_8));
        }
        if (sweep) {
            worst(results);
        }
        if (plot != null) {
            SweepPlot.write(plot, points(), results, String.join(", ", against));
        }
    }

    private Result measure(BenchCase c, List<Contender> sides) {
        Map<String, List<List<Peer.Answer>>> times = new LinkedHashMap<>();
        List<String> errors = new ArrayList<>();
        for (Contender side : sides) {
            times.put(side.name(), side.ways().stream().<List<Peer.Answer>>map(_ -> new ArrayList<>()).toList());
        }
        List<Contender> running = new ArrayList<>(sides);
        for (int round = 0; round < rounds; round++) {
            for (Contender side : List.copyOf(running)) {
                double warm = round == 0 ? warmUp : seconds / 2;
                try {
                    side.round(c, side.name().equals("tenon") || side.name().equals("java") ? warm
                        : Math.min(warm, 1), seconds, times.get(side.name()));
                } catch (IOException e) {
                    // The others go on: a peer that cannot do a case says nothing of them.
                    errors.add(String.valueOf(e.getMessage()));
                    running.remove(side);
                    times.get(side.name()).forEach(List::clear);
                }
            }
        }
        Map<String, Peer.Answer> peers = new LinkedHashMap<>();
        for (String name : against) {
            Contender.best(times.get(name)).ifPresent(a -> peers.put(name, a));
        }
        return new Result(c, Contender.best(times.get("tenon")).orElse(null),
            alsoJava ? Contender.best(times.get("java")).orElse(null) : null, peers, errors);
    }

    private void summary(List<Result> results, Machine machine) {
        double[] ratios = results.stream().map(Result::ratio).flatMap(Optional::stream).mapToDouble(d -> d).toArray();
        out.println();
        if (ratios.length > 0) {
            out.printf(Locale.ROOT, "%d cases with a peer, geometric mean of the ratios %.2f%n", ratios.length,
                Math.exp(Arrays.stream(ratios).map(Math::log).average().orElseThrow()));
        }
        long aims = 0;
        long met = 0;
        List<String> missed = new ArrayList<>();
        for (Result r : results) {
            for (Result.Aim aim : r.aims(machine)) {
                aims++;
                if (aim.met()) {
                    met++;
                } else {
                    missed.add(r.c().name() + ": " + aim);
                }
            }
        }
        if (aims > 0 && !sweep) {
            out.printf("%d of %d aims are reached%s%n", met, aims, missed.isEmpty() ? "" : "; not these:");
            missed.forEach(m -> out.println("  " + m));
        }
        hidden(results);
    }

    /// How much of a copy to the device is hidden behind a product, on each side that was timed.
    private void hidden(List<Result> results) {
        Map<String, Result> by = new LinkedHashMap<>();
        results.stream().filter(r -> r.c().kind().startsWith("upload")).forEach(r -> by.put(r.c().kind(), r));
        if (by.size() < 3) {
            return;
        }
        List<String> names = new ArrayList<>(List.of("tenon"));
        names.addAll(against);
        for (String name : names) {
            List<Peer.@Nullable Answer> a = by.values().stream()
                .<Peer.@Nullable Answer>map(r -> name.equals("tenon") ? r.ours() : r.peers().get(name)).toList();
            Peer.Answer copy = a.get(0);
            Peer.Answer product = a.get(1);
            Peer.Answer both = a.get(2);
            if (copy != null && product != null && both != null) {
                out.printf(Locale.ROOT, "%s: copying %.2f ms, computing %.2f ms, both %.2f ms: %.0f %% of the shorter"
                    + " is hidden%n", name, copy.median() / 1e6, product.median() / 1e6, both.median() / 1e6,
                    Math.clamp(100 * (copy.median() + product.median() - both.median())
                        / Math.min(copy.median(), product.median()), 0.0, 100.0));
            }
        }
    }

    private void worst(List<Result> results) {
        List<Result> slow = results.stream().filter(r -> r.ratio().isPresent() && r.ratio().get() < 1)
            .sorted(Comparator.comparingDouble(r -> r.ratio().orElseThrow())).limit(WORST).toList();
        out.printf("%nthe lowest ratios below 1:%s%n", slow.isEmpty() ? " none" : "");
        slow.forEach(r -> out.printf(Locale.ROOT, "  %.2f  %s%n", r.ratio().orElseThrow(), r.c().name()));
    }
}
