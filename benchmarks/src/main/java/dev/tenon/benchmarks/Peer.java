package dev.tenon.benchmarks;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A side in a process of its own, as [Server] runs it. While it is not asked it sleeps, so that two may live at once
/// and be asked in turn.
final class Peer implements AutoCloseable {
    /// What a case took.
    ///
    /// @param median nanoseconds
    /// @param best nanoseconds
    /// @param peak kilobytes resident at most, so far
    record Answer(double median, double best, long peak) {}

    /// Variables of the environment that machines set for other programs and that make peers slow.
    private static final List<String> UNSET = List.of("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS", "MKL_NUM_THREADS", "GOTO_NUM_THREADS", "DNNL_MAX_CPU_ISA", "ONEDNN_MAX_CPU_ISA");

    private final String side;
    private final Process process;
    private final BufferedReader in;
    private final BufferedWriter out;
    private final String description;

    /// The ways in which a peer's threads may wait. Which is faster depends on the case: those that sleep leave the
    /// cores to its other pool of threads, those that spin are there at once for the next short op.
    static final List<Map<String, String>> WAITING = List.of(
        Map.of("OMP_WAIT_POLICY", "passive", "THP_MEM_ALLOC_ENABLE", "1"),
        Map.of("GOMP_SPINCOUNT", "10000", "THP_MEM_ALLOC_ENABLE", "1"));

    /// Starts a process.
    ///
    /// @param side as [Server#main] takes it
    /// @param log where its error stream goes
    /// @param options of its JVM
    /// @param variables of its environment
    Peer(String side, Path log, List<String> options, Map<String, String> variables) throws IOException {
        this.side = side;
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java,
            "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow", "-Xmx4g", "-Dorg.bytedeco.javacpp.nopointergc=true"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Server.class.getName(), side));
        ProcessBuilder builder = new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        Map<String, String> environment = builder.environment();
        UNSET.forEach(environment::remove);
        environment.putAll(variables);
        process = builder.start();
        in = process.inputReader(StandardCharsets.UTF_8);
        out = process.outputWriter(StandardCharsets.UTF_8);
        String waiting = variables.getOrDefault("OMP_WAIT_POLICY",
            variables.containsKey("GOMP_SPINCOUNT") ? "spinning" : "");
        description = read() + (waiting.isEmpty() ? "" : ", " + waiting + " OpenMP");
    }

    /// What runs here, in its own words.
    String description() {
        return description;
    }

    private String read() throws IOException {
        String line = in.readLine();
        if (line == null) {
            throw new IOException(side + " ended unexpectedly; what it last printed is in the log");
        }
        return line;
    }

    private String ask(String question) throws IOException {
        out.write(question);
        out.newLine();
        out.flush();
        return read();
    }

    /// What the processor can do.
    Machine machine() throws IOException {
        String[] words = ask("machine").split(" ");
        return new Machine(Double.parseDouble(words[1]), Double.parseDouble(words[2]));
    }

    /// Times a case.
    ///
    /// @return nothing where this side does not have it
    /// @throws IOException if it failed
    Optional<Answer> time(BenchCase c, double warmUp, double seconds) throws IOException {
        String answer = ask(c.name() + " " + warmUp + " " + seconds);
        String[] words = answer.split(" ");
        return switch (words[0]) {
            case "none" -> Optional.empty();
            case "time" -> Optional.of(new Answer(Double.parseDouble(words[1]), Double.parseDouble(words[2]),
                Long.parseLong(words[4])));
            default -> throw new IOException(side + ", " + c.name() + ": " + answer);
        };
    }

    @Override
    public void close() throws IOException {
        out.close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
