package dev.tenon.data.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.data.Batch;
import dev.tenon.data.Collator;
import dev.tenon.data.DataLoader;
import dev.tenon.data.Dataset;
import dev.tenon.data.Sample;
import dev.tenon.data.TableDataset;
import dev.tenon.data.format.DatasetFormatException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextTest {
    @TempDir
    private Path folder;

    @Test
    void textsAreCutIntoTokens() {
        assertEquals(List.of("a", "\uD83D\uDE00", "b"), Tokenizer.characters().tokens("a\uD83D\uDE00b"));
        assertEquals("a\uD83D\uDE00b", Tokenizer.characters().join(List.of("a", "\uD83D\uDE00", "b")));
        assertEquals(List.of("To", "be,", "or"), Tokenizer.whitespace().tokens(" To  be,\tor\n"));
        assertEquals("To be", Tokenizer.whitespace().join(List.of("To", "be")));
        assertEquals(List.of("Don't", "go", ",", "Zoë", "!", "42"), Tokenizer.words().tokens("Don't go, Zoë! 42"));
        assertEquals(List.of("12", "7"), Tokenizer.regex("[0-9]*").tokens("a12b7"));
        assertEquals(List.of(), Tokenizer.words().tokens(""));
    }

    @Test
    void vocabulariesNumberTokens() {
        Vocabulary v = Vocabulary.characters("hello\n");
        assertEquals(List.of("\n", "e", "h", "l", "o"), v.tokens());
        assertArrayEquals(new int[] {2, 1, 3, 3, 4}, v.encode(Tokenizer.characters().tokens("hello")));
        assertEquals(List.of("h", "o"), v.decode(2, 4));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> v.id("x")).getMessage().contains("\"x\""));
        assertThrows(IndexOutOfBoundsException.class, () -> v.token(5));
        List<String> text = List.of("the", "cat", "the", "a", "cat", "the", "dog", "<unk>");
        Vocabulary w = Vocabulary.build(text, 1, Vocabulary.PADDING, Vocabulary.UNKNOWN);
        assertEquals(List.of("<pad>", "<unk>", "the", "cat", "a", "dog"), w.tokens());
        assertEquals(1, w.id("zebra"));
        assertEquals(List.of("<pad>", "the", "cat"), Vocabulary.build(text, 2, "<pad>").tokens());
        assertEquals(w.tokens(), new Vocabulary(w.tokens()).tokens());
        assertThrows(IllegalArgumentException.class, () -> new Vocabulary(List.of("a", "a")));
    }

    @Test
    void windowsSlide() {
        TextWindows d = new TextWindows(new int[] {0, 1, 2, 3, 4, 5, 6}, 3, 2);
        assertEquals(2, d.size());
        assertArrayEquals(new long[] {2, 3, 4}, d.get(1).input().toLongArray());
        assertArrayEquals(new long[] {3, 4, 5}, d.get(1).target().toLongArray());
        assertEquals(4, new TextWindows(new int[] {0, 1, 2, 3, 4, 5, 6}, 3, 1).size());
        assertEquals(1, new TextWindows(new int[] {0, 1, 2, 3}, 3, 9).size());
        assertThrows(IndexOutOfBoundsException.class, () -> d.get(2));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> new TextWindows(new int[3], 3, 1)).getMessage()
            .contains("at least 4"));
        assertThrows(IllegalArgumentException.class, () -> new TextWindows(new int[9], 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new TextWindows(new int[9], 1, 0));
        try (DataLoader loader = DataLoader.builder(d).batchSize(2).build(); Batch b = loader.epoch(0).next()) {
            assertArrayEquals(new long[] {0, 1, 2, 2, 3, 4}, b.input().toLongArray());
            assertArrayEquals(new long[] {1, 2, 3, 3, 4, 5}, b.target().toLongArray());
        }
    }

    @Test
    void linesHaveLabels() throws Exception {
        Path file = Files.writeString(folder.resolve("films.tsv"), "good\ta fine film\n\nbad\ta film\ngood\tfine\n");
        LabelledLines d = LabelledLines.read(file, "\t", Tokenizer.whitespace());
        assertEquals(List.of("bad", "good"), d.classes());
        assertEquals(new LabelledLines.Line(0, List.of("a", "film")), d.get(1));
        assertArrayEquals(new int[] {1, 0, 1}, d.labels());
        Vocabulary v = d.vocabulary(1);
        assertEquals(List.of("<pad>", "<unk>", "a", "film", "fine"), v.tokens());
        Dataset<Sample> samples = d.encoded(v);
        assertArrayEquals(new long[] {2, 4, 3}, samples.get(0).input().toLongArray());
        List<String> got = new ArrayList<>();
        try (DataLoader loader = DataLoader.builder(samples, Collator.padded(10, 0)).batchSize(2).workers(1).build()) {
            for (Batch b : loader) {
                try (b) {
                    got.add(b.input().shape() + Arrays.toString(b.input().toLongArray())
                        + Arrays.toString(b.target().toLongArray()));
                }
            }
        }
        assertEquals(List.of("[2, 3][2, 4, 3, 2, 3, 0][1, 0]", "[1, 1][4][1]"), got);
        assertEquals(List.of("good", "bad"),
            LabelledLines.read(file, "\t", Tokenizer.words(), List.of("good", "bad")).classes());
    }

    @Test
    void linesThatDoNotFitAreRefused() throws Exception {
        Path file = Files.writeString(folder.resolve("x.tsv"), "good\ta\nwithout\n");
        String m = assertThrows(DatasetFormatException.class,
            () -> LabelledLines.read(file, "\t", Tokenizer.words())).getMessage();
        assertTrue(m.contains("line 2") && m.contains("without") && m.contains("\\t"), m);
        Files.writeString(file, "good\ta\nugly\tb\n");
        m = assertThrows(DatasetFormatException.class,
            () -> LabelledLines.read(file, "\t", Tokenizer.words(), List.of("good", "bad"))).getMessage();
        assertTrue(m.contains("line 2") && m.contains("ugly"), m);
        Files.writeString(file, "\n");
        assertThrows(DatasetFormatException.class, () -> LabelledLines.read(file, "\t", Tokenizer.words()));
        Files.write(file, new byte[] {'a', '\t', (byte) 0xC3, (byte) 0x28});
        assertTrue(assertThrows(DatasetFormatException.class, () -> LabelledLines.read(file, "\t", Tokenizer.words()))
            .getMessage().contains("UTF-8"));
        assertThrows(NoSuchFileException.class,
            () -> LabelledLines.read(folder.resolve("none"), "\t", Tokenizer.words()));
    }

    @Test
    void tablesCheckTheirLabels() throws Exception {
        Path file = Files.writeString(folder.resolve("t.csv"), "1,2,0\n3,4,2\n");
        TableDataset d = TableDataset.read(file, 3);
        assertArrayEquals(new int[] {0, 2}, d.labels());
        assertArrayEquals(new float[] {3, 4}, d.get(1).input().toFloatArray());
        String m = assertThrows(DatasetFormatException.class, () -> TableDataset.read(file, 2)).getMessage();
        assertTrue(m.contains("row 2") && m.contains("label 2") && m.contains("0 to 1"), m);
    }
}
