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
    private final Map<Scalars.Source, long[]> drawn = new IdentityHashMap<>();
    private final Function<Scalars.Source, long[]> get = this::get;
    private int next;

    Draws(List<Scalars.Source> sources) {
        this.sources = sources;
    }

    /// The op of a node with the numbers of this run.
    Op resolve(Node n) {
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
        while (next < count) {
            Scalars.Source s = sources.get(next++);
            drawn.put(s, s.next());
        }
    }

    /// Draws from all that are left: a run draws as much as eager code, whatever of it was optimised away.
    void rest() {
        upTo(sources.size());
    }
}
