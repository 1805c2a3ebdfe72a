package dev.tenon.graph;

import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The numbers of one run of a graph, drawn from its sources in their order.
class Draws {
    /// Leaves numbers that change from run to run as they are: for recording a graph into another.
    static final Draws NONE = new Draws(List.of()) {
        @Override
        Op resolve(Node n) {
            return n.op();
        }
    };

    private final List<Scalars.Source> sources;
    private final Map<Scalars.Source, long[]> drawn;
    private final Function<Scalars.Source, long[]> get = this::get;
    private int next;

    Draws(List<Scalars.Source> sources) {
        this(sources, new IdentityHashMap<>());
    }

    private Draws(List<Scalars.Source> sources, Map<Scalars.Source, long[]> drawn) {
        this.sources = sources;
        this.drawn = drawn;
    }

    /// The numbers of the run of another graph that belongs to this run, such as the backward one: those that both use
    /// are the same.
    Draws continued(List<Scalars.Source> others) {
        return new Draws(others, new IdentityHashMap<>(drawn));
    }

    /// The op of a node with the numbers of this run.
    Op resolve(Node n) {
        if (n.op() instanceof ControlOp c && c.draws()) {
            upTo(n.sourcesBefore());
        }
        Scalars s = n.op().scalars();
        return s.sources().isEmpty() ? n.op() : n.op().withScalars(s.resolved(get));
    }

    /// The numbers of a node for this run.
    Scalars numbers(Scalars s) {
        return s.resolved(get);
    }

    private long[] get(Scalars.Source s) {
        long[] v = drawn.get(s);
        while (v == null) {
            if (next == sources.size()) {
                throw new IllegalStateException("a graph uses numbers from a source that it does not have");
            }
            upTo(next + 1);
            v = drawn.get(s);
        }
        return v;
    }

    /// Draws from the sources before the given number, as far as that has not been done.
    void upTo(int count) {
        while (next < Math.min(count, sources.size())) {
            Scalars.Source s = sources.get(next++);
            if (!drawn.containsKey(s)) {
                drawn.put(s, s.next());
            }
        }
    }

    /// Draws from all that are left: a run draws as much as eager code, whatever of it was optimised away.
    void rest() {
        upTo(sources.size());
    }
}
