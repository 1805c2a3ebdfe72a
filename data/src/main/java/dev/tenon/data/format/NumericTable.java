package dev.tenon.data.format;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A table of numbers, as [DelimitedText] reads it: `rows` x `columns` floats, and a label per row if a label column
/// was chosen.
///
/// Immutable by convention: [#values()] and [#labels()] hand out the arrays themselves; do not write to them.
public final class NumericTable {
    private final int rows;
    private final int columns;
    private final List<String> names;
    private final float[] values;
    private final int @Nullable [] labels;

    NumericTable(int rows, int columns, List<String> names, float[] values,
            int @Nullable [] labels) {
        this.rows = rows;
        this.columns = columns;
        this.names = List.copyOf(names);
        this.values = values;
        this.labels = labels;
    }

    /// The number of rows.
    public int rows() {
        return rows;
    }

    /// The number of value columns; the label column is not among them.
    public int columns() {
        return columns;
    }

    /// The names of the value columns; empty if the file has no header.
    public List<String> names() {
        return names;
    }

    /// The values: `rows` x `columns`, row by row.
    public float[] values() {
        return values;
    }

    /// One value.
    ///
    /// @throws IndexOutOfBoundsException if there is no such row or column
    public float get(int row, int column) {
        Objects.checkIndex(row, rows);
        Objects.checkIndex(column, columns);
        return values[row * columns + column];
    }

    /// Whether a label column was chosen.
    public boolean hasLabels() {
        return labels != null;
    }

    /// The labels, one per row.
    ///
    /// @throws IllegalStateException if no label column was chosen
    public int[] labels() {
        if (labels == null) {
            throw new IllegalStateException("the table has no labels; choose a column with labelColumn(i) before read");
        }
        return labels;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NumericTable that && rows == that.rows && columns == that.columns
            && names.equals(that.names) && Arrays.equals(values, that.values) && Arrays.equals(labels, that.labels);
    }

    @Override
    public int hashCode() {
        return Objects.hash(rows, columns, names, Arrays.hashCode(values), Arrays.hashCode(labels));
    }

    @Override
    public String toString() {
        return "NumericTable[" + rows + " x " + columns + (hasLabels() ? ", labels]" : "]");
    }
}
