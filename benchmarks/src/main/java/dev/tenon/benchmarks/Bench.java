package dev.tenon.benchmarks;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.tenon.benchmarks.jmh.JmhRunner;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
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
import java.util.Objects;
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
    "A ratio is the peer's median time by Tenon's: above 1 Tenon is faster. %% of peak is of the f32 multiply-adds, and"
        + " %% of stream of the bytes, that this machine was measured to do at most."})
public final class Bench implements Callable<Integer> {
    @Option(names = "--against", paramLabel = "PEER", split = ",",
        description = "libtorch, onnxruntime, or with an OpenCL device clblast; several with commas between them, of"
            + " which the fastest counts. Their native libraries are fetched, 250 MB. libtorch runs twice, with OpenMP"
            + " threads that sleep and with such that spin")
    private List<String> against = List.of();

    @Option(names = "--device", paramLabel = "D", defaultValue = "default",
        description = "what Tenon runs on: cpu, opencl:0, ... (default: the usual choice)")
    private String device = "default";

    @Option(names = "--only", paramLabel = "REGEX", description = "only cases whose name has a match")
    private @Nullable Pattern only;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "3",
        description = "how often the sides take turns on a case (default: ${DEFAULT-VALUE})")
    private int rounds = 3;

    @Option(names = "--seconds", paramLabel = "S", defaultValue = "0.5",
        description = "measured in each round, after as long a warm-up (default: ${DEFAULT-VALUE} s)")
    private double seconds = 0.5;

    @Option(names = "--warm-up", paramLabel = "S", defaultValue = "3",
        description = "run before the first round of a case (default: ${DEFAULT-VALUE} s)")
    private double warmUp = 3;

    @Option(names = "--jvm", paramLabel = "OPTION",
        description = "for the JVM that Tenon runs in, for example -Dtenon.x=y")
    private List<String> jvm = List.of();

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
    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals("--jmh")) {
            JmhRunner.run(Arrays.copyOfRange(args, 1, args.length));
            return;
        }
        System.exit(new CommandLine(new Bench()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        if (jmh) {
            throw new IllegalArgumentException("--jmh must be the first word: what follows is read by JMH");
        }
        List<BenchCase> cases = Cases.ALL.stream()
            .filter(c -> only == null || only.matcher(c.name()).find()).toList();
        if (cases.isEmpty()) {
            throw new IllegalArgumentException("no case matches --only " + only + "; --list prints them all");
        }
        if (list) {
            cases.forEach(c -> out.println(c.name()));
            return 0;
        }
        Path log = Files.createTempFile("tenon-bench", ".log");
        List<String> lines = new ArrayList<>();
        List<Result> results = new ArrayList<>();
        List<Peer> peers = new ArrayList<>();
        try (Peer tenon = new Peer("tenon:" + device, log, jvm, Map.of())) {
            Machine machine = tenon.machine();
            out.println(tenon.description());
            for (String name : against) {
                String side = name.equals("clblast") ? "clblast:" + device : name;
                for (Map<String, String> way : name.equals("libtorch") ? Peer.WAITING
                        : List.of(Map.<String, String>of())) {
                    peers.add(new Peer(side, log, List.of(), way));
                    out.println(peers.getLast().description());
                }
            }
            out.printf(Locale.ROOT, "%d processors: %.0f GFLOP/s f32, %.1f GB/s copying; load average %.2f%n%n",
                Runtime.getRuntime().availableProcessors(), machine.flops() / 1e9, machine.bytes() / 1e9,
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
            out.printf("%-36s %12s %12s %7s %6s  %s%n", "case", "tenon", String.join("/", against), "ratio", "aim",
                "of the machine");
            for (BenchCase c : cases) {
                Result r = measure(c, tenon, peers);
                results.add(r);
                out.println(r.row(machine));
                lines.add(r.json(machine));
            }
            summary(results);
            if (json != null) {
                Files.writeString(json, String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
            }
            if (markdown != null) {
                Files.writeString(markdown, table(results, machine), StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            out.println("what the processes printed: " + log);
            throw e;
        } finally {
            for (Peer p : peers) {
                p.close();
            }
        }
        boolean failed = results.stream().anyMatch(r -> r.error != null);
        if (failed) {
            out.println("what the processes printed: " + log);
        } else {
            Files.delete(log);
        }
        return failed ? 1 : 0;
    }

    private static String table(List<Result> results, Machine machine) {
        StringBuilder s = new StringBuilder("| case | Tenon | best peer | ratio | aim | of the machine |\n"
            + "|---|---|---|---|---|---|\n");
        for (Result r : results) {
            String ratio = r.ratio().map(x -> String.format(Locale.ROOT, "%.2f", x)).orElse("");
            boolean met = r.ratio().isPresent() && r.ratio().get() >= r.c.aim();
            s.append(String.format(Locale.ROOT, "| %s | %s | %s | %s | %.1f | %s |%n", r.c.name(), Result.time(r.ours),
                Result.time(r.theirs), met ? "**" + ratio + "**" : ratio, r.c.aim(), r.ofMachine(machine).strip()));
        }
        return s.toString();
    }

    private void summary(List<Result> results) {
        double[] ratios = results.stream().map(Result::ratio).flatMap(Optional::stream).mapToDouble(d -> d).toArray();
        if (ratios.length == 0) {
            return;
        }
        double mean = Math.exp(Arrays.stream(ratios).map(Math::log).average().orElseThrow());
        long met = results.stream().filter(r -> r.ratio().isPresent() && r.ratio().get() >= r.c.aim()).count();
        out.printf(Locale.ROOT, "%n%d cases, geometric mean of the ratios %.2f, %d reach their aim%n",
            ratios.length, mean, met);
        results.stream().filter(r -> r.ours != null).reduce((_, b) -> b).ifPresent(r ->
            out.printf(Locale.ROOT, "peak resident memory: tenon %.0f MB%s%n", r.ours.peak() / 1024.0,
                r.theirs == null ? "" : String.format(Locale.ROOT, ", peer %.0f MB", r.theirs.peak() / 1024.0)));
    }

    private Result measure(BenchCase c, Peer tenon, List<Peer> peers) {
        List<Peer.Answer> ours = new ArrayList<>();
        Map<Peer, List<Peer.Answer>> theirs = new LinkedHashMap<>();
        String error = null;
        for (int round = 0; round < rounds; round++) {
            double warm = round == 0 ? warmUp : seconds / 2;
            try {
                tenon.time(c, warm, seconds).ifPresent(ours::add);
                for (Peer p : peers) {
                    p.time(c, Math.min(warm, 1), seconds)
                        .ifPresent(a -> theirs.computeIfAbsent(p, _ -> new ArrayList<>()).add(a));
                }
            } catch (IOException e) {
                error = e.getMessage();
                break;
            }
        }
        Peer.Answer best = theirs.values().stream().map(Bench::middle).filter(Objects::nonNull)
            .min(Comparator.comparingDouble(Peer.Answer::median)).orElse(null);
        return new Result(c, middle(ours), best, error);
    }

    /// The round whose median is the median of all rounds.
    private static Peer.@Nullable Answer middle(List<Peer.Answer> answers) {
        return answers.isEmpty() ? null : answers.stream()
            .sorted(Comparator.comparingDouble(Peer.Answer::median)).toList().get(answers.size() / 2);
    }

    private record Result(BenchCase c, Peer.@Nullable Answer ours, Peer.@Nullable Answer theirs,
            @Nullable String error) {
        Optional<Double> ratio() {
            return ours == null || theirs == null ? Optional.empty() : Optional.of(theirs.median() / ours.median());
        }

        String row(Machine machine) {
            if (error != null) {
                return String.format("%-36s %s", c.name(), error);
            }
            return String.format(Locale.ROOT, "%-36s %12s %12s %7s %6.1f  %s", c.name(), time(ours), time(theirs),
                ratio().map(r -> String.format(Locale.ROOT, "%.2f", r)).orElse(""), c.aim(), ofMachine(machine));
        }

        String ofMachine(Machine machine) {
            return ours == null ? ""
                : c.flops() > 0 ? share(c.flops(), machine.flops(), "peak")
                : c.bytes() > 0 ? share(c.bytes(), machine.bytes(), "stream") : "";
        }

        private String share(double amount, double most, String word) {
            return String.format(Locale.ROOT, "%4.0f %% of %s", 100 * amount / ours.median() * 1e9 / most, word);
        }

        private static String time(Peer.@Nullable Answer a) {
            if (a == null) {
                return "-";
            }
            double ns = a.median();
            return ns < 1e4 ? String.format(Locale.ROOT, "%.0f ns", ns)
                : ns < 1e7 ? String.format(Locale.ROOT, "%.1f us", ns / 1e3)
                : String.format(Locale.ROOT, "%.1f ms", ns / 1e6);
        }

        String json(Machine machine) throws IOException {
            StringWriter text = new StringWriter();
            try (JsonGenerator g = new JsonFactory().createGenerator(text)) {
                g.writeStartObject();
                g.writeStringField("case", c.name());
                g.writeNumberField("aim", c.aim());
                write(g, "tenon", ours);
                write(g, "peer", theirs);
                if (ratio().isPresent()) {
                    g.writeNumberField("ratio", ratio().get());
                }
                g.writeNumberField("flops", c.flops());
                g.writeNumberField("bytes", c.bytes());
                g.writeNumberField("machine_flops_per_s", machine.flops());
                g.writeNumberField("machine_bytes_per_s", machine.bytes());
                if (error != null) {
                    g.writeStringField("error", error);
                }
                g.writeEndObject();
            }
            return text.toString();
        }

        private static void write(JsonGenerator g, String name, Peer.@Nullable Answer a) throws IOException {
            if (a != null) {
                g.writeNumberField(name + "_median_ns", a.median());
                g.writeNumberField(name + "_best_ns", a.best());
                g.writeNumberField(name + "_peak_kib", a.peak());
            }
        }
    }
}
