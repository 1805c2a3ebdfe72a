package dev.tenon.graph.pass;

import dev.tenon.graph.ControlOp;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// Rewrites graphs by a list of passes, again and again until none of them finds anything more to do; first the bodies
/// of control flow, then the graph around them. Stateless and immutable.
///
/// Passes are switched in code, and for a whole program by `-Dtenon.graph.passes`: `-fuse-maps,-decompose` leaves two
/// out, `fuse-maps,dead-code` takes these alone, `none` takes none.
public final class Optimizer implements UnaryOperator<Graph> {
    /// The property that switches passes.
    public static final String PROPERTY = "tenon.graph.passes";

    private static final int ROUNDS = 20;

    private final List<Pass> passes;

    /// A graph and what was done to get it.
    public record Optimized(Graph graph, Report report) {}

    /// What passes did.
    ///
    /// @param graph the name of the graph
    /// @param rounds how often the list was gone through
    /// @param passes what each did, in the order of the list; those that found nothing to do included
    /// @param before the memory traffic before
    /// @param after the memory traffic after
    public record Report(String graph, int rounds, List<PassReport> passes, Traffic before, Traffic after) {
        /// Copies the list.
        public Report {
            passes = List.copyOf(passes);
        }

        /// A table with a line for each pass.
        @Override
        public String toString() {
            StringBuilder s = new StringBuilder(String.format("%s, %d rounds%n%-22s %8s %14s %12s %12s %8s%n", graph,
                    rounds, "pass", "changes", "nodes", "written KiB", "peak KiB", "ms"));
            for (PassReport p : passes) {
                s.append(String.format("%-22s %8d %6d -> %-5d %+12.1f %+12.1f %8.1f%n", p.pass(), p.changes().size(),
                        p.nodesBefore(), p.nodesAfter(), p.written() / 1024.0, p.peak() / 1024.0, p.nanos() / 1e6));
            }
            return s.append(String.format("written %.1f -> %.1f KiB, peak %.1f -> %.1f KiB%n",
                    before.written() / 1024.0, after.written() / 1024.0, before.peak() / 1024.0,
                    after.peak() / 1024.0)).toString();
        }
    }

    private Optimizer(List<Pass> passes) {
        this.passes = List.copyOf(passes);
    }

    /// All passes, in the order in which they are tried.
    public static List<Pass> allPasses() {
        return List.of(new ViewCleanup(), new ConstantFolding(), new Decomposition(), new CommonSubexpressions(),
                new BatchNormFolding(), new MapFusion(), new ReduceFusion(), new MatMulFusion(),
                new ConvolutionFusion(), new DeadCode());
    }

    /// All passes but those that `-Dtenon.graph.passes` leaves out.
    ///
    /// @throws IllegalArgumentException if the property names no pass
    public static Optimizer standard() {
        return of(allPasses()).select(System.getProperty(PROPERTY, ""));
    }

    /// The given passes, in this order.
    public static Optimizer of(List<Pass> passes) {
        return new Optimizer(passes);
    }

    /// The passes.
    public List<Pass> passes() {
        return passes;
    }

    /// Some of these passes, as the property [#PROPERTY] chooses them.
    ///
    /// @param choice names of passes separated by commas: those to leave out, each with `-` in front, or those to take;
    ///     empty for all, `none` for none
    /// @throws IllegalArgumentException if a name is that of no pass, or both ways are mixed
    public Optimizer select(String choice) {
        if (choice.isBlank()) {
            return this;
        }
        if (choice.strip().equals("none")) {
            return new Optimizer(List.of());
        }
        List<String> names = List.of(choice.strip().split("\\s*,\\s*"));
        boolean leaveOut = names.getFirst().startsWith("-");
        List<String> known = passes.stream().map(Pass::name).toList();
        for (String n : names) {
            if (n.startsWith("-") != leaveOut || !known.contains(leaveOut ? n.substring(1) : n)) {
                throw new IllegalArgumentException("passes \"" + choice + "\": \"" + n + "\" does not fit: give names"
                        + " out of " + known + ", either all with - in front (leave out) or none (take these alone)");
            }
        }
        return new Optimizer(passes.stream().filter(p -> leaveOut != names.contains((leaveOut ? "-" : "") + p.name()))
                .toList());
    }

    /// The graph after all passes.
    @Override
    public Graph apply(Graph g) {
        return optimize(g).graph();
    }

    /// The graph after all passes, and what they did.
    public Optimized optimize(Graph g) {
        Map<String, PassReport> reports = new LinkedHashMap<>();
        for (Pass p : passes) {
            reports.put(p.name(), new PassReport(p.name(), 0, List.of(), g.nodes().size(), g.nodes().size(), 0, 0, 0));
        }
        Traffic first = Traffic.of(g);
        Graph now = bodies(g, reports);
        Traffic traffic = Traffic.of(now);
        int round = 0;
        boolean changed = true;
        while (changed && round < ROUNDS) {
            changed = false;
            round++;
            for (Pass p : passes) {
                long start = System.nanoTime();
                Changes changes = new Changes();
                Graph next = p.apply(now, changes);
                long nanos = System.nanoTime() - start;
                Traffic after = next == now ? traffic : Traffic.of(next);
                PassReport turn = new PassReport(p.name(), next == now ? 0 : 1, changes.all(), now.nodes().size(),
                        next.nodes().size(), after.written() - traffic.written(), after.peak() - traffic.peak(), nanos);
                reports.merge(p.name(), turn, PassReport::and);
                changed |= next != now;
                now = next;
                traffic = after;
            }
        }
        return new Optimized(now, new Report(g.name(), round, List.copyOf(reports.values()), first, traffic));
    }

    private Graph bodies(Graph g, Map<String, PassReport> reports) {
        if (g.nodes().stream().noneMatch(n -> n.op() instanceof ControlOp)) {
            return g;
        }
        GraphWriter w = GraphWriter.rewrite(g);
        for (Node n : g.nodes()) {
            if (n.op() instanceof ControlOp c) {
                List<Graph> better = new ArrayList<>();
                for (Graph body : c.bodies()) {
                    Optimized o = optimize(body);
                    better.add(o.graph());
                    o.report().passes().forEach(r -> reports.merge(r.pass(), r, PassReport::and));
                }
                w.copy(n, c.withBodies(better));
            } else {
                w.copy(n);
            }
        }
        return w.finish(g);
    }
}
