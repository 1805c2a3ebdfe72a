package dev.tenon.benchmarks;

import dev.tenon.api.Device;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/// A process that runs the cases of one side on demand.
///
/// It reads lines `name warmUpSeconds seconds` and answers each with one line: `time medianNanos bestNanos samples
/// peakKilobytes`, `none` or `error text`. A case stays prepared until another is asked for, so that rounds of two
/// sides in turn find it warm. `machine` is answered with `machine flops bytes`.
final class Server {
    private Server() {}

    /// @param args the side: `tenon:DEVICE`, `clblast:DEVICE`, `libtorch`, `onednn`, `onednn-packed` or
    ///     `onnxruntime`
    public static void main(String[] args) throws IOException {
        // Whatever libraries print goes to the other stream; answers alone to this one.
        PrintStream answers = System.out;
        System.setOut(System.err);
        Side side = side(args[0]);
        answers.println(side.describe());
        String prepared = "";
        Optional<Work> work = Optional.empty();
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            String answer;
            try {
                if (words[0].equals("machine")) {
                    answer = side.machine().line();
                } else {
                    if (!words[0].equals(prepared)) {
                        work.ifPresent(Work::close);
                        work = Optional.empty();
                        prepared = words[0];
                        work = side.prepare(BenchCase.parse(words[0]));
                    }
                    answer = work.isEmpty() ? "none"
                        : line(Stopwatch.time(work.get(), Double.parseDouble(words[1]), Double.parseDouble(words[2])));
                }
            } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
                // The other cases can still be timed; the table shows what became of this one.
                e.printStackTrace();
                prepared = "";
                work = Optional.empty();
                answer = "error " + e.toString().replace('\n', ' ');
            }
            answers.println(answer);
        }
    }

    private static Side side(String name) {
        if (name.startsWith("tenon:")) {
            String device = name.substring("tenon:".length());
            return new TenonSide(device.equals("default") ? Device.getDefault() : Device.of(device));
        }
        if (name.startsWith("clblast:")) {
            return new ClBlastSide(name.substring("clblast:".length()));
        }
        return switch (name) {
            case "libtorch" -> new LibtorchSide();
            case "onednn", "onednn-packed" -> new OneDnnSide(name.equals("onednn-packed"));
            case "onnxruntime" -> new OnnxRuntimeSide();
            default -> throw new IllegalArgumentException("no side is called " + name);
        };
    }

    private static String line(Stopwatch.Reading r) throws IOException {
        return String.format(Locale.ROOT, "time %.1f %.1f %d %d", r.median(), r.best(), r.samples(), peakKilobytes());
    }

    /// The largest resident size this process has had, or 0 where the system does not tell.
    private static long peakKilobytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream().filter(l -> l.startsWith("VmHWM:"))
            .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", ""))).findFirst().orElse(0);
    }
}
