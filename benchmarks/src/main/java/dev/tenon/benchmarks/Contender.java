package dev.tenon.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A column of the table: one side, in one or more ways of which the fastest counts in each case.
record Contender(String name, List<Peer> ways) implements AutoCloseable {
    /// Tenon itself.
    static Contender tenon(String name, String device, Path log, List<String> options, boolean oneThread)
            throws IOException {
        List<String> all = new ArrayList<>(options);
        if (oneThread) {
            all.addAll(List.of("-Dtenon.bench.cpu=true", "-Dtenon.cpu.threads=1"));
        }
        return new Contender(name, List.of(Peer.java("tenon:" + device, log, all, Map.of())));
    }

    /// A peer by the name that `--against` gives it.
    ///
    /// @param oneThread whether processor time is measured, of one thread
    static Contender of(String name, String device, Path log, @Nullable String python, boolean oneThread)
            throws IOException {
        List<String> options = oneThread ? List.of("-Dtenon.bench.cpu=true") : List.of();
        Map<String, String> variables = oneThread ? Peer.ONE_THREAD : Map.of();
        return new Contender(name, switch (name) {
            case "libtorch", "onednn", "onednn-packed" -> {
                List<Peer> both = new ArrayList<>();
                // One thread waits for no other.
                for (Map<String, String> way : oneThread ? List.of(Peer.ONE_THREAD) : Peer.WAITING) {
                    both.add(Peer.java(name, log, options, way));
                }
                yield both;
            }
            case "onnxruntime" -> List.of(Peer.java(name, log, options, variables));
            case "clblast" -> List.of(Peer.java("clblast:" + device, log, options, variables));
            case "torch", "torch-compile", "torch-graph" -> List.of(Peer.program(name, log, List.of(
                python(python), JvmOptions.HOME.resolve("torch_side.py").toString(), "--serve",
                "--threads", oneThread ? "1" : Integer.toString(Runtime.getRuntime().availableProcessors()),
                "--device", device.startsWith("cuda") ? device : "cpu", "--steps",
                name.equals("torch") ? "eager" : name.substring("torch-".length())), variables));
            default -> throw new IllegalArgumentException("--against " + name + ": known are libtorch, onednn,"
                + " onednn-packed, onnxruntime, clblast, torch, torch-compile, torch-graph");
        });
    }

    /// The first Python that has PyTorch.
    private static String python(@Nullable String given) throws IOException {
        for (String python : given == null ? List.of("python3", "/usr/bin/python3") : List.of(given)) {
            Process test;
            try {
                test = new ProcessBuilder(python, "-c", "import torch").redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            } catch (IOException e) {
                if (given != null || Files.exists(Path.of(python))) {
                    throw e;
                }
                continue;
            }
            try {
                if (test.waitFor() == 0) {
                    return python;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while looking for a Python with PyTorch", e);
            }
        }
        throw new IOException("--against torch: " + (given == null ? "python3" : given)
            + " cannot import torch; name one that can by --python");
    }

    /// Starts all anew.
    void restart(List<String> options) throws IOException {
        for (Peer p : ways) {
            p.restart(options);
        }
    }

    /// One round of a case.
    ///
    /// @param times for each way, to be added to
    void round(BenchCase c, double warmUp, double seconds, List<List<Peer.Answer>> times) throws IOException {
        for (int i = 0; i < ways.size(); i++) {
            ways.get(i).time(c, warmUp, seconds).ifPresent(times.get(i)::add);
        }
    }

    /// The fastest way's median round.
    static Optional<Peer.Answer> best(List<List<Peer.Answer>> times) {
        return times.stream().map(Contender::middle).filter(Objects::nonNull)
            .min(Comparator.comparingDouble(Peer.Answer::median));
    }

    /// The round whose median is the median of all rounds.
    private static Peer.@Nullable Answer middle(List<Peer.Answer> answers) {
        return answers.isEmpty() ? null : answers.stream()
            .sorted(Comparator.comparingDouble(Peer.Answer::median)).toList().get(answers.size() / 2);
    }

    @Override
    public void close() {
        ways.forEach(Peer::close);
    }
}
