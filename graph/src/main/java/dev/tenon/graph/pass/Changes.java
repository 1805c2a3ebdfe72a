package dev.tenon.graph.pass;

import dev.tenon.graph.Node;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// What a pass did to a graph, change by change.
public final class Changes {
    private final List<String> changes = new ArrayList<>();

    /// No changes yet.
    public Changes() {}

    /// Takes down a change.
    ///
    /// @param what what was done
    /// @param where a node that it was done to
    public void add(String what, Node where) {
        changes.add(what + " at " + where.origin());
    }

    void add(String change) {
        changes.add(change);
    }

    /// How many changes there were.
    public int count() {
        return changes.size();
    }

    /// The changes, each with the line that recorded the node.
    public List<String> all() {
        return Collections.unmodifiableList(changes);
    }
}
