package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.pass.Optimizer;
import dev.tenon.graph.pass.Pass;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.GroupNorm;
import dev.tenon.nn.optim.SGD;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// Prints, as a Markdown table, how long steps of some networks take eagerly, as graphs without passes, with each pass
/// alone that finds something to do, and with all; and the memory for intermediate values.
///
/// All ways of one network take turns in one process, a few steps each, so that ratios hold even on a machine that has
/// other things to do; those of the best of many steps are disturbed least. Arguments: the seconds for each row
/// (default 20), then names of networks (default all), or `single` for a small program for each pass, or for the passes
/// that follow.
public final class PassTable {
    private record Net(String name, Supplier<Module> make, Shape input) {}

    private record Way(String name, Supplier<Tensor> step, Graph graph) {}

    private static final List<Net> NETS = List.of(
            new Net("MLP 784-256-256-10, batch 64", Nets::mlp, Shape.of(64, 784)),
            new Net("LeNet-5, batch 64", Nets::leNet5, Shape.of(64, 1, 28, 28)),
            new Net("ResNet-18 at 32 x 32, batch 4", Nets::resNet18, Shape.of(4, 3, 32, 32)),
            new Net("LSTM 32-64 over 20 steps, batch 32", Nets.Recurrent::new, Shape.of(32, 20, 32)),
            new Net("Transformer, 2 layers of 64, 32 tokens, batch 16", Nets.Transformer::new, Shape.of(16, 32, 64)));

    /// A program in which a pass matters.
    ///
    /// @param before passes that both ways have, separated by commas
    /// @param make makes the program and what it uses
    private record Single(String name, String before, String pass, Supplier<UnaryOperator<Tensor>> make,
            Shape input) {}

    private static final List<Single> SINGLES = List.of(
            new Single("tanh((x * 2 + 1) * y) - x, 8 Mi elements", "", "fuse-maps", () -> {
                Tensor y = Tensors.randn(1 << 23);
                return t -> t.mul(2).add(1).mul(y).tanh().sub(t);
            }, Shape.of(1 << 23)),
            new Single("sum of (x - y)^2, 8 Mi elements", "", "fuse-reductions", () -> {
                Tensor y = Tensors.randn(1 << 23);
                return t -> t.sub(y).square().sum();
            }, Shape.of(1 << 23)),
            new Single("relu(x w + b), 2048 x 64 x 4096", "", "fuse-matmul", () -> linear(64, 4096),
                    Shape.of(2048, 64)),
            new Single("relu(x w + b), 512 x 64 x 4096", "", "fuse-matmul", () -> linear(64, 4096),
                    Shape.of(512, 64)),
            new Single("relu(x w + b), 512 x 512 x 512", "", "fuse-matmul", () -> linear(512, 512),
                    Shape.of(512, 512)),
            new Single("relu(conv(x)), 1 x 1, 32 to 256, 16 x 56 x 56", "", "fuse-convolution", () -> {
                Module conv = Nets.conv(32, 256, 1, 1, 0, true).eval();
                return t -> conv.call(t).relu();
            }, Shape.of(16, 32, 56, 56)),
            new Single("relu(conv(x)), 3 x 3, 32 to 32, 8 x 56 x 56", "", "fuse-convolution", () -> {
                Module conv = Nets.conv(32, 32, 3, 1, 1, true).eval();
                return t -> conv.call(t).relu();
            }, Shape.of(8, 32, 56, 56)),
            new Single("tanh(conv(x)), 5 x 5, 6 to 16, 64 x 14 x 14", "", "fuse-convolution", () -> {
                Module conv = Nets.conv(6, 16, 5, 1, 0, true).eval();
                return t -> conv.call(t).tanh();
            }, Shape.of(64, 6, 14, 14)),
            new Single("relu(conv(x)), 3 x 3, 256 to 256, 4 x 4 x 4", "", "fuse-convolution", () -> {
                Module conv = Nets.conv(256, 256, 3, 1, 1, false).eval();
                return t -> conv.call(t).relu();
            }, Shape.of(4, 256, 4, 4)),
            new Single("norm(conv(x)), 3 x 3, 32 to 32, 8 x 56 x 56", "", "fold-batch-norm", () -> {
                Module conv = Nets.conv(32, 32, 3, 1, 1, true).eval();
                Module norm = new BatchNorm2d(32).eval();
                return t -> norm.call(conv.call(t));
            }, Shape.of(8, 32, 56, 56)),
            new Single("(x w)^T copied, 512 x 512 x 512", "", "clean-views", () -> {
                Tensor w = Tensors.randn(512, 512);
                return t -> t.matmul(w).t().contiguous().add(t);
            }, Shape.of(512, 512)),
            new Single("x times a causal mask made on the spot, 1024 x 1024", "", "fold-constants",
                    () -> t -> t.mul(Tensors.ones(1024, 1024).tril(0)), Shape.of(1024, 1024)),
            new Single("softmax(x) and log of softmax(x), 1024 x 1024", "", "common-subexpressions",
                    () -> t -> t.softmax(1).add(t.softmax(1).log()), Shape.of(1024, 1024)),
            new Single("gelu(group norm(x)), 8 x 32 x 56 x 56", "fuse-maps,fuse-reductions", "decompose", () -> {
                Module norm = new GroupNorm(8, 32).eval();
                return t -> norm.call(t).gelu();
            }, Shape.of(8, 32, 56, 56)),
            new Single("one of two results of x w, 512 x 512 x 512", "", "dead-code", () -> {
                Tensor w = Tensors.randn(512, 512);
                return t -> {
                    t.matmul(w).tanh();
                    return t.matmul(w.t());
                };
            }, Shape.of(512, 512)));

    private PassTable() {}

    /// Prints the table.
    public static void main(String[] args) {
        double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 20;
        if (args.length > 1 && args[1].equals("single")) {
            singles(seconds, List.of(args).subList(2, args.length));
            return;
        }
        List<String> only = args.length > 1 ? List.of(args).subList(1, args.length) : List.of();
        for (Net n : NETS) {
            if (only.isEmpty() || only.stream().anyMatch(o -> n.name.toLowerCase(Locale.ROOT).startsWith(o))) {
                row(n, false, seconds);
                row(n, true, seconds);
            }
        }
    }

    /// Small programs, each for one pass.
    private static void singles(double seconds, List<String> only) {
        System.out.println("| program | pass | without: median, best ms | with: median, best ms |"
                + " ratio of medians, of bests | nodes | planned MiB |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (Single s : SINGLES) {
            if (only.isEmpty() || only.contains(s.pass)) {
                try (Scope _ = Scope.open()) {
                    single(seconds, s);
                }
            }
        }
    }

    private static void single(double seconds, Single s) {
        Tensors.manualSeed(1);
        Tensor x = Tensors.randn(s.input.toArray());
        UnaryOperator<Tensor> fn = s.make.get();
        Graph captured = Graphs.capture(t -> Context.noGrad(() -> fn.apply(t)), x);
        Optimizer all = Optimizer.of(Optimizer.allPasses());
        Graph plain = all.select(s.before.isEmpty() ? "none" : s.before).apply(captured);
        Graph better = all.select(s.before.isEmpty() ? s.pass : s.before + "," + s.pass).apply(captured);
        double[][] times = new double[2][1 << 18];
        int n = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < seconds * 2e9 && n < times[0].length) {
            n = System.nanoTime() - start < seconds * 1e9 ? 0 : n;
            for (int k = 0; k < 2; k++) {
                int way = (k + n) % 2;
                long t = System.nanoTime();
                try (Scope _ = Scope.open()) {
                    (way == 0 ? plain : better).run(x);
                }
                times[way][n] = (System.nanoTime() - t) / 1e6;
            }
            n++;
        }
        System.out.printf(Locale.ROOT,
                "| %s | `%s` | %.3f, %.3f | %.3f, %.3f | %.2f, %.2f | %d to %d | %.2f to %.2f |%n", s.name, s.pass,
                median(times[0], n), best(times[0], n), median(times[1], n), best(times[1], n),
                median(times[1], n) / median(times[0], n), best(times[1], n) / best(times[0], n),
                plain.nodes().size(), better.nodes().size(), plain.memory().plannedBytes() / 1048576.0,
                better.memory().plannedBytes() / 1048576.0);
        plain.releaseMemory();
        better.releaseMemory();
    }

    /// The most memory that an eager step takes beyond the model, in MiB: gradients included, which graphs hold among
    /// their intermediate values.
    private static double eagerPeak(Net net, boolean training) {
        try (Scope _ = Scope.open()) {
            Way eager = way("eager", net, training, null);
            Device device = Device.getDefault();
            long before = device.memory().used();
            device.resetPeakMemory();
            try (Scope _ = Scope.open()) {
                eager.step.get();
            }
            return (device.memory().peakUsed() - before) / 1048576.0;
        }
    }

    private static void row(Net net, boolean training, double seconds) {
        double eagerPeak = eagerPeak(net, training);
        List<Way> ways = ways(net, training);
        double[][] times = new double[ways.size()][1 << 16];
        int rounds = 0;
        long start = System.nanoTime();
        // The first half warms up.
        while (System.nanoTime() - start < seconds * 2e9 && rounds < times[0].length) {
            if (System.nanoTime() - start < seconds * 1e9) {
                rounds = 0;
            }
            for (int k = 0; k < ways.size(); k++) {
                int w = (k + rounds) % ways.size();
                long t = System.nanoTime();
                try (Scope _ = Scope.open()) {
                    ways.get(w).step.get().item();
                }
                times[w][rounds] = (System.nanoTime() - t) / 1e6;
            }
            rounds++;
        }
        System.out.printf(Locale.ROOT, "%n%s, %s: %d steps each%n%n", net.name, training ? "training" : "inference",
                rounds);
        System.out.println("| | median ms | best ms | best, of eager | best, of no passes | memory MiB | nodes |");
        System.out.println("|---|---|---|---|---|---|---|");
        double eager = best(times[0], rounds);
        double plain = best(times[1], rounds);
        for (int w = 0; w < ways.size(); w++) {
            double b = best(times[w], rounds);
            Graph g = ways.get(w).graph;
            System.out.printf(Locale.ROOT, "| %s | %.3f | %.3f | %.2f | %.2f | %s | %s |%n", ways.get(w).name,
                    median(times[w], rounds), b, b / eager, b / plain,
                    String.format(Locale.ROOT, "%.2f", g == null ? eagerPeak
                            : g.memory().plannedBytes() / 1048576.0),
                    g == null ? "" : Integer.toString(g.nodes().size()));
        }
    }

    private static UnaryOperator<Tensor> linear(long in, long out) {
        Tensor w = Tensors.randn(in, out);
        Tensor b = Tensors.randn(out);
        return t -> t.matmul(w).add(b).relu();
    }

    private static double best(double[] times, int rounds) {
        return Arrays.stream(times, 0, rounds).min().orElseThrow();
    }

    private static double median(double[] times, int rounds) {
        double[] sorted = Arrays.copyOf(times, rounds);
        Arrays.sort(sorted);
        return sorted[rounds / 2];
    }

    private static List<Way> ways(Net net, boolean training) {
        List<Way> ways = new ArrayList<>();
        List<Pass> all = Optimizer.allPasses();
        ways.add(way("eager", net, training, null));
        ways.add(way("graph, no passes", net, training, Optimizer.of(List.of())));
        for (Pass p : all) {
            Way w = way(p.name(), net, training, Optimizer.of(List.of(p)));
            // What leaves the graph as it is needs no time.
            if (!w.graph.toString().equals(ways.get(1).graph.toString())) {
                ways.add(w);
            }
        }
        ways.add(way("all passes", net, training, Optimizer.of(all)));
        return ways;
    }

    private static Way way(String name, Net net, boolean training, Optimizer passes) {
        Tensors.manualSeed(1);
        Module model = net.make.get();
        Device device = Device.getDefault();
        Tensor x = Tensors.randn(net.input.toArray());
        Tensor y = Tensors.randint(0, 10, Shape.of(net.input.dim(0)), device, Generator.getDefault());
        if (!training) {
            model.eval();
        }
        SGD optimizer = new SGD(model.parameters(), 0.01);
        Supplier<Tensor> eager = training ? () -> step(model, optimizer, x, y)
                : () -> Context.noGrad(() -> model.call(x).sum());
        if (passes == null) {
            return new Way(name, eager, null);
        }
        Graph g = passes.apply(training
                ? Graphs.captureStep(in -> List.of(step(model, optimizer, in.get(0), in.get(1))), List.of(x, y))
                : Graphs.capture(in -> Context.noGrad(() -> model.call(in).sum()), x));
        return new Way(name, training ? () -> g.run(x, y).getFirst() : () -> g.run(x).getFirst(), g);
    }

    private static Tensor step(Module model, SGD optimizer, Tensor x, Tensor y) {
        optimizer.zeroGrad();
        Tensor loss = ClassLosses.crossEntropy(model.call(x), y);
        loss.backward();
        optimizer.step();
        return loss.detach();
    }
}
