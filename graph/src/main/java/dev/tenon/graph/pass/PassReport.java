package dev.tenon.graph.pass;

import java.util.ArrayList;
import java.util.List;

/// What one pass did to a graph, all its turns together.
///
/// @param pass the name of the pass
/// @param turns how often it changed the graph
/// @param changes what it did, change by change
/// @param nodesBefore nodes when it first came
/// @param nodesAfter nodes when it last went
/// @param written by how many bytes the pass changed what nodes write to memory; negative where it saved some
/// @param peak by how many bytes it changed the most memory that values hold at one time
/// @param nanos the time it took
public record PassReport(
        String pass, int turns, List<String> changes, int nodesBefore, int nodesAfter, long written, long peak,
        long nanos) {
    /// Copies the list.
    public PassReport {
        changes = List.copyOf(changes);
    }

    PassReport and(PassReport later) {
        List<String> both = new ArrayList<>(changes);
        both.addAll(later.changes);
        boolean first = turns == 0 && later.turns > 0;
        return new PassReport(pass, turns + later.turns, both, first ? later.nodesBefore : nodesBefore,
                later.turns == 0 ? nodesAfter : later.nodesAfter, written + later.written, peak + later.peak,
                nanos + later.nanos);
    }
}
