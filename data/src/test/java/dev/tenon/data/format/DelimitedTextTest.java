package dev.tenon.data.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DelimitedTextTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {",", ";", "\t", "|", " ", "   ", " , "})
    void findsTheSeparator(String separator) throws IOException {
        NumericTable table = DelimitedText.create().read(text("1#-2.5#3e2\n4#+5#.5\n".replace("#", separator)));
        assertEquals(2, table.rows());
        assertEquals(3, table.columns());
        assertArrayEquals(new float[] {1, -2.5f, 300, 4, 5, 0.5f}, table.values());
        assertEquals(5f, table.get(1, 1));
        assertFalse(table.hasLabels());
        assertThrows(IllegalStateException.class, table::labels);
        assertThrows(IndexOutOfBoundsException.class, () -> table.get(0, 3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void skipsBlankLinesAndTakesEveryLineEnd(String end) throws IOException {
        String content = "\uFEFF\n  \n1,2\n\n\t\n3,4\n\n5,6".replace("\n", end);
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, DelimitedText.create().read(text(content)).values());
        Path wrong = text("\n1,2\n\n3,x\n".replace("\n", end));
        fails(DelimitedText.create(), wrong, "line 4, column 2", "\"x\" is not a number");
    }

    @Test
    void readsALabelColumn() throws IOException {
        Path path = text("1,2,7\n3,4,8.0\n");
        NumericTable last = DelimitedText.create().labelColumn(-1).read(path);
        assertEquals(2, last.columns());
        assertArrayEquals(new float[] {1, 2, 3, 4}, last.values());
        assertArrayEquals(new int[] {7, 8}, last.labels());
        assertArrayEquals(new int[] {1, 3}, DelimitedText.create().labelColumn(0).read(path).labels());
        fails(DelimitedText.create().labelColumn(3), path, "label column 3 does not exist", "3 columns");
        fails(DelimitedText.create().labelColumn(-4), path, "label column -4 does not exist");
        fails(DelimitedText.create().labelColumn(-1), text("1,2\n3,4.5\n"), "line 2, column 2", "not a whole number");
    }

    @Test
    void readsAHeader() throws IOException {
        Path path = text("\"size, cm\" ,class, weight\n1.5,0,\"2\"\n");
        DelimitedText reader = DelimitedText.create().header(true);
        assertEquals(List.of("size, cm", "class", "weight"), reader.read(path).names());
        NumericTable table = reader.labelColumn("class").read(path);
        assertEquals(List.of("size, cm", "weight"), table.names());
        assertArrayEquals(new float[] {1.5f, 2}, table.values());
        assertArrayEquals(new int[] {0}, table.labels());
        fails(reader.labelColumn("Class"), path, "no column is named \"Class\"", "weight");
        assertThrows(IllegalStateException.class, () -> DelimitedText.create().labelColumn("class").read(path));
        fails(DelimitedText.create(), path, "line 1, column 1", "set header(true)");
        fails(reader, text("a,b\n"), "no line of numbers after the header");
    }

    @Test
    void wrongNumberOfCells() throws IOException {
        fails(DelimitedText.create(), text("1,2\n3\n"), "line 2: 1 cells, expected 2");
        fails(DelimitedText.create(), text("1,2\n3,4,5\n"), "line 2, column 3", "more cells than the 2");
    }

    @Test
    void emptyCells() throws IOException {
        Path path = text("1,,3\n");
        fails(DelimitedText.create(), path, "line 1, column 2", "the cell is empty");
        assertArrayEquals(new float[] {1, -9, 3}, DelimitedText.create().missingAs(-9).read(path).values());
        fails(DelimitedText.create(), text("1,\n"), "line 1, column 2");
    }

    @Test
    void emptyFile() throws IOException {
        fails(DelimitedText.create(), text(""), "no line of numbers");
        fails(DelimitedText.create(), text("\n \n"), "no line of numbers");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0x1p3", "1f", "2d", "banan", "--1", "1e", "-", "1_000", "1 2"})
    void notNumbers(String cell) throws IOException {
        fails(DelimitedText.create(), text("0,0\n1," + cell + "\n"), "line 2, column 2", "is not a number");
    }

    @Test
    void specialNumbers() throws IOException {
        float[] values = DelimitedText.create().read(text("NaN,inf,-Infinity,-0,16777217,0.1,1e-50")).values();
        assertTrue(Float.isNaN(values[0]));
        assertEquals(Float.POSITIVE_INFINITY, values[1]);
        assertEquals(Float.NEGATIVE_INFINITY, values[2]);
        assertEquals(Float.floatToRawIntBits(-0f), Float.floatToRawIntBits(values[3]));
        assertEquals(16777216f, values[4]);
        assertEquals(0.1f, values[5]);
        assertEquals(0f, values[6]);
        fails(DelimitedText.create(), text("1,1e39"), "beyond the range");
    }

    @Test
    void givenSeparator() throws IOException {
        assertArrayEquals(new float[] {1, 2}, DelimitedText.create().separator(':').read(text("1:2")).values());
        assertThrows(IllegalArgumentException.class, () -> DelimitedText.create().separator('.'));
        assertThrows(IllegalArgumentException.class, () -> DelimitedText.create().separator('e'));
        assertEquals("DelimitedText[separator ':']", DelimitedText.create().separator(':').toString());
    }

    @Test
    void missingFileNamesPath() {
        Path path = folder.resolve("no.csv");
        var e = assertThrows(NoSuchFileException.class, () -> DelimitedText.create().read(path));
        assertTrue(e.getMessage().contains("no.csv"), e.getMessage());
        assertTrue(e.getMessage().contains("numeric delimited text"), e.getMessage());
    }

    @Test
    void largeGzipTableRoundTrips() throws IOException {
        var random = new Random(3);
        var content = new StringBuilder();
        float[] wanted = new float[5000 * 20];
        for (int i = 0; i < wanted.length; i++) {
            wanted[i] = i % 3 == 0 ? random.nextInt(2_000_000) - 1_000_000 : (float) (random.nextGaussian() * 1e3);
            content.append(wanted[i]).append(i % 20 == 19 ? ",1\n" : ",");
        }
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(content.toString().getBytes());
        }
        Path path = Files.write(folder.resolve("large.csv"), bytes.toByteArray());
        NumericTable table = DelimitedText.create().labelColumn(20).read(path);
        assertEquals(5000, table.rows());
        assertArrayEquals(wanted, table.values());
        assertEquals(5000, table.labels().length);
        assertEquals(table, DelimitedText.create().labelColumn(20).read(path));
    }

    @Test
    void endlessLineIsNoText() throws IOException {
        byte[] zeros = new byte[(1 << 24) + 10];
        fails(DelimitedText.create(), Files.write(folder.resolve("binary"), zeros), "longer than");
    }

    private void fails(DelimitedText reader, Path path, String... parts) {
        var e = assertThrows(DatasetFormatException.class, () -> reader.read(path));
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), "wanted " + part + " in: " + e.getMessage());
        }
        assertEquals(path, e.path());
    }

    private Path text(String content) throws IOException {
        return Files.writeString(folder.resolve("table.txt"), content);
    }
}
