package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Convs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/// Prints, as a Markdown table, what the order of a convolution's axes is worth on the default device: images as
/// `[n, c, h, w]`, as everything else has them; images that lie in memory as `[n, h, w, c]` and are given to the same
/// op; and the convolution written for such images, as one product of their windows with the weights, which is what a
/// pass that chose layouts could put in its place. All take turns in one process. Argument: the seconds for each row
/// (default 10).
public final class LayoutTable {
    private record Case(int n, int in, int out, int edge, int kernel) {}

    private record Way(Graph graph, List<Tensor> operands) {}

    private static final List<Case> CASES = List.of(new Case(8, 64, 256, 56, 1), new Case(8, 256, 64, 56, 1),
            new Case(8, 512, 2048, 7, 1), new Case(4, 64, 64, 56, 3), new Case(8, 256, 256, 14, 3),
            new Case(8, 3, 64, 56, 3));

    private LayoutTable() {}

    /// Prints the table.
    public static void main(String[] args) {
        double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 10;
        System.out.println("| convolution | n c h w: median, best ms | n h w c to the same op | n h w c as a product |"
                + " product of n c h w, by medians, bests |");
        System.out.println("|---|---|---|---|---|");
        for (Case c : CASES) {
            try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
                row(c, seconds);
            }
        }
    }

    private static void row(Case c, double seconds) {
        Tensor x = Tensors.randn(c.n, c.in, c.edge, c.edge);
        Tensor w = Tensors.randn(c.out, c.in, c.kernel, c.kernel);
        Tensor last = x.permute(0, 2, 3, 1).contiguous();
        Tensor columns = w.permute(2, 3, 1, 0).reshape((long) c.kernel * c.kernel * c.in, c.out).contiguous();
        int pad = c.kernel / 2;
        ConvOptions options = new ConvOptions().padding(pad);
        List<Way> ways = List.of(
                way(in -> Convs.conv2d(in.get(0), in.get(1), null, options), x, w),
                way(in -> Convs.conv2d(in.get(0).permute(0, 3, 1, 2), in.get(1), null, options)
                        .permute(0, 2, 3, 1).contiguous(), last, w),
                way(in -> product(in.get(0), in.get(1), c, pad), last, columns));
        check(ways);
        double[][] times = new double[ways.size()][1 << 16];
        int n = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < seconds * 1e9 && n < times[0].length) {
            // A third warms up.
            n = System.nanoTime() - start < seconds * 0.33e9 ? 0 : n;
            for (int k = 0; k < ways.size(); k++) {
                Way way = ways.get((k + n) % ways.size());
                long t = System.nanoTime();
                try (Scope _ = Scope.open()) {
                    way.graph.run(way.operands);
                }
                times[(k + n) % ways.size()][n] = (System.nanoTime() - t) / 1e6;
            }
            n++;
        }
        double[] medians = new double[ways.size()];
        double[] bests = new double[ways.size()];
        for (int k = 0; k < medians.length; k++) {
            double[] sorted = Arrays.copyOf(times[k], n);
            Arrays.sort(sorted);
            medians[k] = sorted[n / 2];
            bests[k] = sorted[0];
        }
        System.out.printf(Locale.ROOT, "| %d x %d, %d to %d, %d x %d x %d | %.2f, %.2f | %.2f, %.2f | %.2f, %.2f |"
                + " %.2f, %.2f |%n", c.kernel, c.kernel, c.in, c.out, c.n, c.edge, c.edge, medians[0], bests[0],
                medians[1], bests[1], medians[2], bests[2], medians[2] / medians[0], bests[2] / bests[0]);
    }

    private static Way way(Function<List<Tensor>, Tensor> fn, Tensor... operands) {
        List<Tensor> in = List.of(operands);
        return new Way(Graphs.capture(t -> List.of(fn.apply(t)), in).optimized(), in);
    }

    /// The convolution of images `[n, h, w, c]` with weights `[taps * c, out]`.
    private static Tensor product(Tensor x, Tensor weights, Case c, int pad) {
        long rows = (long) c.n * c.edge * c.edge;
        if (c.kernel == 1) {
            return x.reshape(rows, c.in).matmul(weights).reshape(c.n, c.edge, c.edge, c.out);
        }
        Tensor bordered = Tensors.pad(x, 0, 0, 0, pad, pad, pad, pad);
        List<Tensor> taps = new ArrayList<>();
        for (int i = 0; i < c.kernel; i++) {
            for (int j = 0; j < c.kernel; j++) {
                taps.add(bordered.narrow(1, i, c.edge).narrow(2, j, c.edge));
            }
        }
        return Tensors.cat(3, taps).reshape(rows, weights.shape().dim(0)).matmul(weights)
                .reshape(c.n, c.edge, c.edge, c.out);
    }

    private static void check(List<Way> ways) {
        Tensor expected = ways.get(0).graph.run(ways.get(0).operands).getFirst().permute(0, 2, 3, 1);
        for (Way w : ways.subList(1, ways.size())) {
            Tensor actual = w.graph.run(w.operands).getFirst();
            double off = actual.sub(expected).abs().max().item();
            if (!(off < 1e-2)) {
                throw new IllegalStateException("the ways differ by " + off);
            }
        }
    }
}
