package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.graph.pass.Optimizer;
import java.util.List;
import java.util.function.UnaryOperator;

/// How functions are compiled.
///
/// @param cacheSize how many graphs are kept; the one that was used longest ago goes first
/// @param passes what is done to each graph before it runs, in this order
/// @param keepsGradients whether gradients that the function itself leaves in leaves, by calling `backward`, are there
///     after a call; where they are not needed they take no memory of their own
/// @param secondDerivatives whether gradients of results can themselves be differentiated: then the inputs are kept for
///     the backward pass, and must not be changed in place before it
public record CompileOptions(
        int cacheSize, List<UnaryOperator<Graph>> passes, boolean keepsGradients, boolean secondDerivatives) {
    /// Sixteen graphs, optimised by the passes that `-Dtenon.graph.passes` leaves on.
    public static final CompileOptions DEFAULT = new CompileOptions(16, List.of(Optimizer.standard()));

    /// Options that keep gradients, without second derivatives.
    public CompileOptions(int cacheSize, List<UnaryOperator<Graph>> passes) {
        this(cacheSize, passes, true, false);
    }

    /// Checks the size and copies the list.
    ///
    /// @throws IllegalArgumentException if no graph may be kept
    public CompileOptions {
        if (cacheSize < 1) {
            throw new IllegalArgumentException("compile: a cache of " + cacheSize + " graphs: expected at least 1");
        }
        passes = List.copyOf(passes);
    }

    /// These options with or without gradients being kept.
    public CompileOptions keepsGradients(boolean on) {
        return new CompileOptions(cacheSize, passes, on, secondDerivatives);
    }

    /// These options with or without second derivatives.
    public CompileOptions secondDerivatives(boolean on) {
        return new CompileOptions(cacheSize, passes, keepsGradients, on);
    }

    /// A graph after the passes, which are free to compute with constants while a capture goes on.
    Graph optimized(Graph g) {
        Graph out = g;
        try (Context.Mode _ = Context.recording(null); Context.Mode _ = Context.policy(null);
                Context.Mode _ = Context.noGrad(); Context.Mode _ = Context.unscoped()) {
            for (UnaryOperator<Graph> p : passes) {
                out = p.apply(out);
            }
        }
        return out;
    }
}
