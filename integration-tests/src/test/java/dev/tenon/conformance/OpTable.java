package dev.tenon.conformance;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Which of our operations each of PyTorch's names stands for. The entries are in the classes named `...Table`, a group
/// of operators each.
final class OpTable {
    /// An operator: the names of its parameters, as [Args] reads them, and the call.
    record Entry(String signature, Function<Args, @Nullable Object> function) {}

    private static final Map<String, Entry> ENTRIES = new HashMap<>();

    static {
        ElementwiseTable.fill();
        ReductionTable.fill();
        ShapeTable.fill();
        LinalgTable.fill();
        ActivationTable.fill();
        WindowTable.fill();
        LossTable.fill();
        ModuleTable.fill();
        ExoticTable.fill();
        IndexingTable.fill();
    }

    private OpTable() {}

    static void add(String name, String signature, Function<Args, @Nullable Object> function) {
        if (ENTRIES.put(name, new Entry(signature, function)) != null) {
            throw new IllegalStateException("operator " + name + " is in the table twice");
        }
    }

    static Entry get(String name) {
        Entry e = ENTRIES.get(name);
        if (e == null) {
            throw new AssertionError("operator " + name + " is not in the table");
        }
        return e;
    }
}
