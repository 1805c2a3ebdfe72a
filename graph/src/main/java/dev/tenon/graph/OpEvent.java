package dev.tenon.graph;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/// The run of one op of a graph, for Java Flight Recorder. Off unless a recording asks for it.
@Name("dev.tenon.GraphOp")
@Label("Graph op")
@Category("Tenon")
@StackTrace(false)
@jdk.jfr.Enabled(false)
final class OpEvent extends Event {
    @Label("Op")
    @Nullable String op;

    @Label("Operands")
    @Nullable String operands;

    @Label("Recorded at")
    @Nullable String origin;

    static boolean isOn() {
        return new OpEvent().isEnabled();
    }

    static OpEvent start() {
        OpEvent e = new OpEvent();
        e.begin();
        return e;
    }

    void finish(String name, String types, String line) {
        end();
        if (shouldCommit()) {
            op = name;
            operands = types;
            origin = line;
            commit();
        }
    }
}
