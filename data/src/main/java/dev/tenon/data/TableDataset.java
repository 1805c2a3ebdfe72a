package dev.tenon.data;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.data.format.DatasetFormatException;
import dev.tenon.data.format.DelimitedText;
import dev.tenon.data.format.NumericTable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/// The rows of a table as samples: input `F32`, the row's values in a given shape, shifted and scaled; target `I64`,
/// the row's label.
public final class TableDataset implements Dataset<Sample>, BatchSource {
    private final float[] values;
    private final int[] labels;
    private final int columns;
    private final Shape shape;
    private final List<Field> fields;

    /// Rows as vectors of their values.
    ///
    /// @throws IllegalStateException if the table has no labels
    public TableDataset(NumericTable table) {
        this(table, Shape.of(table.columns()), 0, 1);
    }

    /// @param table the rows, with labels
    /// @param shape the shape of a sample, of as many elements as there are columns
    /// @param mean subtracted from each value
    /// @param deviation by which each is divided then
    /// @throws IllegalStateException if the table has no labels
    /// @throws IllegalArgumentException if the shape does not fit, or mean and deviation are not finite or the
    ///     deviation is 0
    public TableDataset(NumericTable table, Shape shape, double mean, double deviation) {
        if (shape.elements() != table.columns()) {
            throw new IllegalArgumentException("rows of " + table.columns() + " values do not make samples of shape "
                + shape);
        }
        if (!(Math.abs(deviation) > 0) || Double.isInfinite(deviation) || !Double.isFinite(mean)) {
            throw new IllegalArgumentException("mean " + mean + ", deviation " + deviation
                + ": expected finite numbers and a deviation other than 0");
        }
        this.columns = table.columns();
        this.shape = shape;
        this.labels = table.labels().clone();
        this.values = table.values().clone();
        if (mean != 0 || deviation != 1) {
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) ((values[i] - mean) / deviation);
            }
        }
        this.fields = List.of(new Field("input", DType.F32, shape), new Field("target", DType.I64, Shape.SCALAR));
    }

    /// Reads a table of numbers, the last column of which is the label: 0 to `classes` - 1.
    ///
    /// @throws DatasetFormatException if the file is malformed or a label is out of range
    /// @throws IOException if reading fails
    public static TableDataset read(Path file, int classes) throws IOException {
        return read(file, DelimitedText.create().labelColumn(-1), classes);
    }

    /// Reads a table of numbers with labels from 0 to `classes` - 1.
    ///
    /// @param format how to read the file; must choose a label column
    /// @throws DatasetFormatException if the file is malformed or a label is out of range
    /// @throws IllegalStateException if no label column was chosen
    /// @throws IOException if reading fails
    public static TableDataset read(Path file, DelimitedText format, int classes) throws IOException {
        NumericTable table = format.read(file);
        int[] labels = table.labels();
        for (int row = 0; row < labels.length; row++) {
            if (labels[row] < 0 || labels[row] >= classes) {
                throw new DatasetFormatException(file, "row " + (row + 1) + " of the table has label " + labels[row]
                    + "; expected 0 to " + (classes - 1));
            }
        }
        return new TableDataset(table);
    }

    /// The label of each row, for samplers and splits.
    public int[] labels() {
        return labels.clone();
    }

    @Override
    public long size() {
        return labels.length;
    }

    /// The label of a row.
    public int label(long index) {
        return labels[(int) Objects.checkIndex(index, size())];
    }

    @Override
    public Sample get(long index) {
        int i = (int) Objects.checkIndex(index, size());
        float[] row = new float[columns];
        System.arraycopy(values, i * columns, row, 0, columns);
        return Sample.of(row, shape, labels[i]);
    }

    @Override
    public List<Field> fields() {
        return fields;
    }

    @Override
    public void fill(long index, HostBatch into, int row) {
        int i = (int) Objects.checkIndex(index, size());
        MemorySegment.copy(values, i * columns, into.row(0, row), ValueLayout.JAVA_FLOAT, 0, columns);
        into.row(1, row).set(ValueLayout.JAVA_LONG, 0, labels[i]);
    }
}
