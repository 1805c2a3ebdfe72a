package dev.tenon.graph.pass;

import dev.tenon.graph.Graph;
import java.util.function.UnaryOperator;

/// A rewrite of a graph that leaves what a run computes as it is. Stateless: one pass may serve several threads.
public abstract class Pass implements UnaryOperator<Graph> {
    private final String name;

    /// A pass of the given name, by which [Optimizer] switches it.
    protected Pass(String name) {
        this.name = name;
    }

    /// The name, in lower case with hyphens.
    public final String name() {
        return name;
    }

    /// The rewritten graph, or the given one where there is nothing to do.
    ///
    /// @param changes takes down what is done
    protected abstract Graph rewrite(Graph g, Changes changes);

    /// The rewritten graph; the given one where there is nothing to do.
    @Override
    public final Graph apply(Graph g) {
        return apply(g, new Changes());
    }

    final Graph apply(Graph g, Changes changes) {
        Graph out = rewrite(g, changes);
        return changes.count() == 0 ? g : out;
    }

    @Override
    public final String toString() {
        return name;
    }
}
