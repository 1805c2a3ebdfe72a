package dev.tenon.onnx;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The operators that models may use.
public final class OnnxOperators {
    private OnnxOperators() {}

    /// An operator.
    ///
    /// @param domain its domain, empty for ONNX's own
    /// @param name its name
    /// @param since the first version of the domain's operators that has it; all later meanings are supported too
    /// @param group a heading for it
    public record Row(String domain, String name, int since, String group) {}

    /// All operators, by group and name.
    public static List<Row> all() {
        List<Row> rows = new ArrayList<>();
        Operators.all().forEach(e -> rows.add(new Row(e.domain(), e.name(), e.since(), e.group())));
        // Taken for a value of the graph when a model is read, so that there is nothing left to run.
        rows.add(new Row("", "Constant", 1, "Shape"));
        rows.sort(Comparator.comparing(Row::group).thenComparing(Row::name));
        return List.copyOf(rows);
    }

    /// The newest version of ONNX's own operators that is supported.
    public static int newestOpset() {
        return Operators.NEWEST;
    }
}
