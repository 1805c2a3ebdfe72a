package dev.tenon.graph;

import dev.tenon.graph.pass.Optimizer;
import java.util.List;
import java.util.function.UnaryOperator;

/// How functions are compiled.
///
/// @param cacheSize how many graphs are kept; the one that was used longest ago goes first
/// @param passes what is done to each graph before it runs, in this order
public record CompileOptions(int cacheSize, List<UnaryOperator<Graph>> passes) {
    /// Sixteen graphs, optimised by the passes that `-Dtenon.graph.passes` leaves on.
    public static final CompileOptions DEFAULT = new CompileOptions(16, List.of(Optimizer.standard()));

    /// Checks the size and copies the list.
    ///
    /// @throws IllegalArgumentException if no graph may be kept
    public CompileOptions {
        if (cacheSize < 1) {
            throw new IllegalArgumentException("compile: a cache of " + cacheSize + " graphs: expected at least 1");
        }
        passes = List.copyOf(passes);
    }

    Graph optimized(Graph g) {
        Graph out = g;
        for (UnaryOperator<Graph> p : passes) {
            out = p.apply(out);
        }
        return out;
    }
}
