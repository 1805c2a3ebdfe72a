package dev.tenon.data.format;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/// Reads numeric delimited text (CSV, TSV, columns of numbers), plain or gzip, in UTF-8.
///
/// Immutable settings, each method returning a changed copy:
///
/// ```java
/// NumericTable digits = DelimitedText.create().labelColumn(-1).read(Path.of("optdigits.tra"));
/// ```
///
/// Every line has the same number of cells; blank lines are skipped; a cell may stand in double quotes. Numbers are
/// written as in Java source without suffix (`1`, `-2.5e3`), or `nan`, `inf`, `-inf`, `infinity` in any case. Errors
/// name the line and the column, both counted from 1. The file is streamed: beside the result, memory holds one line.
public final class DelimitedText {
    /// A line longer than this is not text.
    private static final int LONGEST_LINE = 1 << 24;
    private static final int AUTO = -1;
    private static final int SPACES = -2;

    private final int separator;
    private final boolean header;
    private final @Nullable Integer labelIndex;
    private final @Nullable String labelName;
    private final @Nullable Float missing;

    private DelimitedText(int separator, boolean header, @Nullable Integer labelIndex, @Nullable String labelName,
            @Nullable Float missing) {
        this.separator = separator;
        this.header = header;
        this.labelIndex = labelIndex;
        this.labelName = labelName;
        this.missing = missing;
    }

    /// A reader that finds the separator by itself, expects no header and has no label column.
    public static DelimitedText create() {
        return new DelimitedText(AUTO, false, null, null, null);
    }

    /// With this separator. Without this setting, the first of tab, semicolon, comma and vertical bar that stands in
    /// the first line is taken, otherwise runs of spaces.
    ///
    /// @param separator the character between cells; a space means runs of spaces and tabs
    /// @throws IllegalArgumentException if a number or a quoted cell could contain the character
    public DelimitedText separator(char separator) {
        if (Character.isLetterOrDigit(separator) || "+-.\"\n\r".indexOf(separator) >= 0) {
            throw new IllegalArgumentException("separator '" + separator
                + "' can be part of a number, a quote or a line end; use one such as ',' ';' or a tab");
        }
        return new DelimitedText(separator == ' ' ? SPACES : separator, header, labelIndex, labelName, missing);
    }

    /// Whether the first line that is not blank holds the names of the columns.
    public DelimitedText header(boolean header) {
        return new DelimitedText(separator, header, labelIndex, labelName, missing);
    }

    /// With the labels in this column, which is then not among the values. Labels are whole numbers.
    ///
    /// @param index from 0; negative counts from the end, -1 is the last column
    public DelimitedText labelColumn(int index) {
        return new DelimitedText(separator, header, index, null, missing);
    }

    /// With the labels in the column of this name; needs a header.
    public DelimitedText labelColumn(String name) {
        return new DelimitedText(separator, header, null, Objects.requireNonNull(name, "name"), missing);
    }

    /// With empty cells read as this number (often NaN); without this setting, an empty cell is an error.
    public DelimitedText missingAs(float value) {
        return new DelimitedText(separator, header, labelIndex, labelName, value);
    }

    /// Reads `path`.
    ///
    /// @throws DatasetFormatException if a cell is no number, a line has too few or too many cells, the label column
    ///     does not exist, or there is no line of numbers at all
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IOException if reading fails
    public NumericTable read(Path path) throws IOException {
        if (labelName != null && !header) {
            throw new IllegalStateException("labelColumn(\"" + labelName + "\") needs header(true)");
        }
        try (DataFiles.Source source = DataFiles.open(path, "numeric delimited text");
                Reader reader = new InputStreamReader(source.in(), StandardCharsets.UTF_8)) {
            try {
                return new Parse(path, reader).run();
            } catch (ZipException | EOFException e) {
                throw DataFiles.damagedGzip(path, e);
            }
        }
    }

    @Override
    public String toString() {
        String between = separator == AUTO ? "auto" : separator == SPACES ? "spaces" : "'" + (char) separator + "'";
        return "DelimitedText[separator " + between + (header ? ", header" : "")
            + (labelIndex != null ? ", labels in " + labelIndex : "")
            + (labelName != null ? ", labels in " + labelName : "") + "]";
    }

    /// One reading of one file.
    private final class Parse {
        private final Path path;
        private final Reader reader;
        private final char[] block = new char[1 << 14];
        private int blockAt;
        private int blockEnd;
        private char[] line = new char[1 << 10];
        private int length;
        private int lineNumber;
        private boolean afterReturn;

        private int between = separator;
        private int cells = -1;
        private int label = -1;
        private List<String> names = List.of();
        private float[] values = new float[1 << 10];
        private int filled;
        private int[] labels = new int[1 << 6];
        private int rows;

        Parse(Path path, Reader reader) {
            this.path = path;
            this.reader = reader;
        }

        NumericTable run() throws IOException {
            boolean wantsHeader = header;
            while (nextLine()) {
                if (blank()) {
                    continue;
                }
                if (between == AUTO) {
                    between = detect();
                }
                if (wantsHeader) {
                    readHeader();
                    wantsHeader = false;
                } else {
                    readRow();
                }
            }
            if (rows == 0) {
                throw new DatasetFormatException(path, "holds no line of numbers"
                    + (header && !wantsHeader ? " after the header" : "") + "; expected at least one");
            }
            boolean labelled = label >= 0;
            return new NumericTable(rows, cells - (labelled ? 1 : 0), names, Arrays.copyOf(values, filled),
                labelled ? Arrays.copyOf(labels, rows) : null);
        }

        private void readHeader() throws DatasetFormatException {
            List<String> all = new ArrayList<>();
            for (int at = 0; at >= 0;) {
                int end = cellEnd(at);
                all.add(unquoted(at, end));
                at = after(end);
            }
            cells = all.size();
            chooseLabel(all);
            if (label >= 0) {
                all.remove(label);
            }
            names = all;
        }

        private void chooseLabel(List<String> all) throws DatasetFormatException {
            if (labelName != null) {
                label = all.indexOf(labelName);
                if (label < 0) {
                    throw new DatasetFormatException(path, "line " + lineNumber + ": no column is named \"" + labelName
                        + "\"; the columns are " + all);
                }
            } else if (labelIndex != null) {
                label = labelIndex < 0 ? cells + labelIndex : labelIndex;
                if (label < 0 || label >= cells) {
                    throw new DatasetFormatException(path, "line " + lineNumber + ": label column " + labelIndex
                        + " does not exist; the line has " + cells + " columns");
                }
            }
        }

        private void readRow() throws DatasetFormatException {
            if (cells < 0) {
                cells = 0;
                for (int at = 0; at >= 0; at = after(cellEnd(at))) {
                    cells++;
                }
                chooseLabel(List.of());
            }
            int column = 0;
            for (int at = 0; at >= 0;) {
                int end = cellEnd(at);
                if (column == cells) {
                    throw new DatasetFormatException(path, "line " + lineNumber + ", column " + (column + 1)
                        + ": more cells than the " + cells + " of the first line");
                }
                if (column == label) {
                    addLabel(at, end, column);
                } else {
                    addValue(number(at, end, column));
                }
                column++;
                at = after(end);
            }
            if (column < cells) {
                throw new DatasetFormatException(path, "line " + lineNumber + ": " + column
                    + " cells, expected " + cells + " as in the first line");
            }
            rows++;
        }

        private void addValue(float value) throws DatasetFormatException {
            if (filled == values.length) {
                if (filled == Integer.MAX_VALUE - 8) {
                    throw new DatasetFormatException(path, "line " + lineNumber + ": more than " + filled
                        + " numbers do not fit one table; split the file");
                }
                values = Arrays.copyOf(values, (int) Math.min(Integer.MAX_VALUE - 8, filled + (filled >> 1) + 16L));
            }
            values[filled++] = value;
        }

        private void addLabel(int start, int end, int column) throws DatasetFormatException {
            String text = unquoted(start, end);
            int value;
            try {
                value = Integer.parseInt(text);
            } catch (NumberFormatException notPlain) {
                double parsed = parse(text);
                value = (int) parsed;
                if (value != parsed) {
                    throw new DatasetFormatException(path, "line " + lineNumber + ", column " + (column + 1)
                        + ": label " + shown(text) + " is not a whole number");
                }
            }
            if (rows == labels.length) {
                labels = Arrays.copyOf(labels, 2 * rows);
            }
            labels[rows] = value;
        }

        private float number(int start, int end, int column) throws DatasetFormatException {
            while (start < end && line[start] <= ' ') {
                start++;
            }
            while (end > start && line[end - 1] <= ' ') {
                end--;
            }
            // most cells of most files: a short whole number
            if (end - start <= 7 && start < end) {
                int at = line[start] == '-' ? start + 1 : start;
                int whole = 0;
                int digit = -1;
                for (int i = at; i < end; i++) {
                    digit = line[i] - '0';
                    if (digit < 0 || digit > 9) {
                        digit = -1;
                        break;
                    }
                    whole = 10 * whole + digit;
                }
                if (digit >= 0) {
                    return at > start ? -(float) whole : whole;
                }
            }
            String text = unquoted(start, end);
            if (text.isEmpty()) {
                if (missing != null) {
                    return missing;
                }
                throw new DatasetFormatException(path, "line " + lineNumber + ", column " + (column + 1)
                    + ": the cell is empty; expected a number (or set missingAs)");
            }
            float value = asFloat(text);
            if (Float.isInfinite(value) && Character.isDigit(text.charAt(text.length() - 1))) {
                throw new DatasetFormatException(path, "line " + lineNumber + ", column " + (column + 1) + ": "
                    + shown(text) + " is beyond the range of a 32-bit float; scale the column");
            }
            if (Float.isNaN(value) && !isNan(text)) {
                throw new DatasetFormatException(path, "line " + lineNumber + ", column " + (column + 1) + ": "
                    + shown(text) + " is not a number"
                    + (lineNumber == 1 && !header ? "; if the first line holds names, set header(true)" : ""));
            }
            return value;
        }

        /// NaN also for what is no number; only decimal notation counts, not Java's `0x1p3` or `1f`.
        private static double parse(String text) {
            String word = text.toLowerCase(Locale.ROOT);
            String unsigned = word.startsWith("-") || word.startsWith("+") ? word.substring(1) : word;
            if (unsigned.equals("inf") || unsigned.equals("infinity")) {
                return word.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            }
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if ((c < '0' || c > '9') && "+-.eE".indexOf(c) < 0) {
                    return Double.NaN;
                }
            }
            try {
                return Double.parseDouble(text);
            } catch (NumberFormatException e) {
                return Double.NaN;
            }
        }

        /// As [#parse], rounded once: through a double, some decimals would be rounded twice.
        private static float asFloat(String text) {
            double wide = parse(text);
            return Double.isNaN(wide) || Double.isInfinite(wide) ? (float) wide : Float.parseFloat(text);
        }

        private static boolean isNan(String text) {
            String word = text.toLowerCase(Locale.ROOT);
            return word.equals("nan") || word.equals("-nan") || word.equals("+nan");
        }

        private static String shown(String text) {
            String cut = text.length() > 40 ? text.substring(0, 40) + "…" : text;
            return "\"" + cut.replaceAll("\\p{Cntrl}", "?") + "\"";
        }

        private String unquoted(int start, int end) {
            String text = new String(line, start, end - start).strip();
            if (text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"")) {
                return text.substring(1, text.length() - 1).replace("\"\"", "\"").strip();
            }
            return text;
        }

        private int cellEnd(int at) {
            boolean quoted = false;
            for (int i = at; i < length; i++) {
                char c = line[i];
                if (c == '"') {
                    quoted = !quoted;
                } else if (!quoted && isSeparator(c)) {
                    return i;
                }
            }
            return length;
        }

        private boolean isSeparator(char c) {
            return between == SPACES ? c == ' ' || c == '\t' : c == between;
        }

        /// Where the next cell starts, or -1 if the line is at its end.
        private int after(int end) {
            if (end == length) {
                return -1;
            }
            int at = end + 1;
            while (between == SPACES && at < length && isSeparator(line[at])) {
                at++;
            }
            return at;
        }

        private int detect() {
            for (char candidate : new char[] {'\t', ';', ',', '|'}) {
                boolean quoted = false;
                for (int i = 0; i < length; i++) {
                    quoted ^= line[i] == '"';
                    if (!quoted && line[i] == candidate) {
                        return candidate;
                    }
                }
            }
            return SPACES;
        }

        private boolean blank() {
            int start = 0;
            while (start < length && line[start] <= ' ') {
                start++;
            }
            if (start == length) {
                return true;
            }
            if (between == SPACES || between == AUTO) {
                int end = length;
                while (line[end - 1] <= ' ') {
                    end--;
                }
                System.arraycopy(line, start, line, 0, end - start);
                length = end - start;
            }
            return false;
        }

        /// Reads one line, ended by LF, CR or CR LF, into the line buffer; false at the end of the file.
        private boolean nextLine() throws IOException {
            length = 0;
            boolean any = false;
            while (true) {
                if (blockAt == blockEnd) {
                    blockAt = 0;
                    blockEnd = reader.read(block, 0, block.length);
                    if (blockEnd <= 0) {
                        blockEnd = 0;
                        lineNumber += any ? 1 : 0;
                        return any;
                    }
                }
                char c = block[blockAt++];
                if (c == '\n' && afterReturn) {
                    afterReturn = false;
                    continue;
                }
                afterReturn = c == '\r';
                if (c == '\n' || c == '\r') {
                    lineNumber++;
                    return true;
                }
                if (c == '\uFEFF' && lineNumber == 0 && length == 0) {
                    continue;
                }
                any = true;
                if (length == line.length) {
                    if (length >= LONGEST_LINE) {
                        throw new DatasetFormatException(path, "line " + (lineNumber + 1) + " is longer than "
                            + LONGEST_LINE + " characters; this is not delimited text");
                    }
                    line = Arrays.copyOf(line, 2 * length);
                }
                line[length++] = c;
            }
        }
    }
}
