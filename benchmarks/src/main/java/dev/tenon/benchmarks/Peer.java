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

    /// The ways in which a peer's threads may wait. Which is faster depends on the case: those that sleep leave the
    /// cores to its other pool of threads, those that spin are there at once for the next short op.
    static final List<Map<String, String>> WAITING = List.of(
        Map.of("OMP_WAIT_POLICY", "passive", "THP_MEM_ALLOC_ENABLE", "1"),
        Map.of("GOMP_SPINCOUNT", "10000", "THP_MEM_ALLOC_ENABLE", "1"));

    /// What makes a side compute on one thread, whose processor time is then the measure.
    static final Map<String, String> ONE_THREAD = Map.of("OMP_NUM_THREADS", "1", "OPENBLAS_NUM_THREADS", "1");

    private final String side;
    private final Path log;
    private final List<String> first;
    private final List<String> last;
    private final Map<String, String> variables;
    private Process process;
    private BufferedReader in;
    private BufferedWriter out;
    private String description;

    private Peer(String side, Path log, List<String> first, List<String> last, Map<String, String> variables)
            throws IOException {
        this.side = side;
        this.log = log;
        this.first = first;
        this.last = last;
        this.variables = variables;
        start(List.of());
    }

    /// A side in a Java process.
    ///
    /// @param side as [Server#main] takes it
    /// @param log where its error stream goes
    /// @param options of its JVM
    /// @param variables of its environment
    static Peer java(String side, Path log, List<String> options, Map<String, String> variables) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> first = new ArrayList<>(List.of(java));
        first.addAll(JvmOptions.ALL);
        first.add("-Dorg.bytedeco.javacpp.nopointergc=true");
        first.addAll(options);
        return new Peer(side, log, first,
            List.of("-cp", System.getProperty("java.class.path"), Server.class.getName(), side), variables);
    }

    /// A side that is any program which answers as [Server] does.
    static Peer program(String side, Path log, List<String> command, Map<String, String> variables)
            throws IOException {
        return new Peer(side, log, command, List.of(), variables);
    }

    private void start(List<String> more) throws IOException {
        List<String> command = new ArrayList<>(first);
        command.addAll(more);
        command.addAll(last);
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

    /// Ends the process and starts another, which has prepared nothing yet.
    ///
    /// @param more options of its JVM
    void restart(List<String> more) throws IOException {
        close();
        start(more);
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
        if (!process.isAlive()) {
            // What it died of was reported; other cases may do better.
            restart(List.of());
        }
        out.write(question);
        out.newLine();
        out.flush();
        return read();
    }

    /// What the processor, or the device, can do.
    Machine machine() throws IOException {
        String answer = ask("machine");
        String[] words = answer.split(" ");
        if (!words[0].equals("machine")) {
            throw new IOException(side + ", measuring the machine: " + answer);
        }
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
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            // It has ended already, and nothing was under way.
            System.getLogger("dev.tenon").log(System.Logger.Level.DEBUG, side, e);
        }
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
