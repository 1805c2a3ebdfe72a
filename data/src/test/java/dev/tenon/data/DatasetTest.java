package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.format.DatasetFormatException;
import dev.tenon.data.format.DelimitedText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetTest {
    @TempDir
    private Path folder;

    static Dataset<Long> numbers(long n) {
        return new Dataset<>() {
            @Override
            public long size() {
                return n;
            }

            @Override
            public Long get(long index) {
                return index;
            }
        };
    }

    private static List<Object> all(Dataset<?> d) throws Exception {
        List<Object> out = new ArrayList<>();
        for (long i = 0; i < d.size(); i++) {
            out.add(d.get(i));
        }
        return out;
    }

    @Test
    void viewsShowWhatTheyShould() throws Exception {
        Dataset<Long> d = numbers(10);
        assertEquals(List.of(0L, 1L, 4L), all(numbers(3).map(x -> x * x)));
        assertEquals(List.of(9L, 0L, 9L), all(d.subset(9, 0, 9)));
        assertEquals(List.of(3L, 4L), all(d.range(3, 5)));
        assertEquals(List.of(List.of(0L, 1L, 2L), List.of(), List.of(3L)),
            List.of(all(numbers(4).split(3, 0, 1).get(0)), all(numbers(4).split(3, 0, 1).get(1)),
                all(numbers(4).split(3, 0, 1).get(2))));
        assertEquals(List.of(0L, 1L, 0L, 5L),
            all(Dataset.concat(List.of(numbers(0), numbers(2), numbers(0), numbers(1), d.range(5, 6)))));
        assertThrows(IndexOutOfBoundsException.class, () -> d.subset(10));
        assertThrows(IndexOutOfBoundsException.class, () -> d.range(3, 11));
        assertThrows(IndexOutOfBoundsException.class, () -> d.range(3, 5).get(2));
        assertThrows(IllegalArgumentException.class, () -> d.split(3, 3));
        assertThrows(IllegalArgumentException.class, () -> d.split(11, -1));
    }

    @Test
    void randomSplitsAreDisjointAndRepeatable() throws Exception {
        List<Dataset<Long>> a = numbers(20).randomSplit(3, 15, 5);
        List<Object> joined = all(Dataset.concat(a));
        assertEquals(joined, all(Dataset.concat(numbers(20).randomSplit(3, 15, 5))));
        assertFalse(joined.equals(all(numbers(20))));
        assertEquals(all(numbers(20)), joined.stream().sorted().toList());
    }

    @Test
    void viewsOfSourcesAreSources() throws Exception {
        DigitsDataset digits = new DigitsDataset(1, 20);
        Dataset<Sample> part = Dataset.concat(List.of(digits.range(5, 8), digits.subset(1, 2)));
        BatchSource source = assertInstanceOf(BatchSource.class, part);
        assertEquals(digits.fields(), source.fields());
        assertFalse(part.map(s -> s) instanceof BatchSource);
        try (DataLoader loader = DataLoader.builder(part).batchSize(5).device(TestBackend.host()).build();
                Batch b = loader.epoch(0).next()) {
            float[] x = b.input().toFloatArray();
            long[] want = {5, 6, 7, 1, 2};
            for (int i = 0; i < 5; i++) {
                Sample s = digits.get(want[i]);
                float[] row = new float[784];
                System.arraycopy(x, i * 784, row, 0, 784);
                assertArrayEquals(s.input().toFloatArray(), row);
                assertEquals(digits.label(want[i]), b.target().toLongArray()[i]);
            }
        }
        try (Tensor t = Tensors.of(new float[3], Shape.of(3), TestBackend.host())) {
            TensorDataset other = new TensorDataset(t);
            assertThrows(IllegalArgumentException.class, () -> Dataset.concat(List.of(digits, other)));
        }
    }

    @Test
    void digitsAreThoseOfTheGenerator() {
        DigitsDataset d = new DigitsDataset(7, 30, 0.5, 0.25);
        DigitGenerator g = new DigitGenerator(7);
        byte[] pixels = g.image(12);
        float[] x = d.get(12).input().toFloatArray();
        for (int i = 0; i < x.length; i++) {
            assertEquals(((pixels[i] & 0xFF) / 255.0 - 0.5) / 0.25, x[i], 1e-6);
        }
        assertEquals(g.label(12), d.get(12).target().toLongArray()[0]);
        assertArrayEquals(pixels, d.pixels(12));
        assertThrows(IndexOutOfBoundsException.class, () -> d.get(30));
        assertThrows(IndexOutOfBoundsException.class, () -> d.get(-1));
        assertThrows(IllegalArgumentException.class, () -> new DigitsDataset(1, -1));
        assertThrows(IllegalArgumentException.class, () -> new DigitsDataset(1, 1, 0, 0));
    }

    private Path idx(String name, int... header) throws IOException {
        int n = 1;
        ByteBuffer b = ByteBuffer.allocate(4 + 4 * header.length);
        b.put((byte) 0).put((byte) 0).put((byte) 8).put((byte) header.length);
        for (int h : header) {
            b.putInt(h);
            n *= h;
        }
        byte[] all = new byte[b.capacity() + n];
        System.arraycopy(b.array(), 0, all, 0, b.capacity());
        for (int i = 0; i < n; i++) {
            all[b.capacity() + i] = (byte) (i * 37);
        }
        return Files.write(folder.resolve(name), all);
    }

    @Test
    void idxPairsBecomeSamples() throws Exception {
        IdxDataset d = IdxDataset.read(idx("x", 3, 2, 4), idx("y", 3));
        assertEquals(3, d.size());
        Sample s = d.get(2);
        assertEquals(Shape.of(1, 2, 4), s.input().shape());
        assertEquals((16 * 37 & 0xFF) / 255f, s.input().toFloatArray()[0]);
        assertEquals(74, s.target().toLongArray()[0]);
        assertEquals(74, d.largestLabel());
        assertThrows(IndexOutOfBoundsException.class, () -> d.get(3));
    }

    @Test
    void idxPairsThatDoNotMatchAreRefused() throws Exception {
        Path x = idx("x", 3, 2, 4);
        String message = assertThrows(DatasetFormatException.class, () -> IdxDataset.read(x, idx("y", 4)))
            .getMessage();
        assertTrue(message.contains("4 labels") && message.contains("3 images"), message);
        String swapped = assertThrows(DatasetFormatException.class, () -> IdxDataset.read(idx("y", 3), x)).getMessage();
        assertTrue(swapped.contains("[n, height, width]"), swapped);
    }

    @Test
    void tablesBecomeSamples() throws Exception {
        Path file = Files.writeString(folder.resolve("t.csv"), "1,2,3,4,0\n5,6,7,8,9\n");
        var table = DelimitedText.create().labelColumn(-1).read(file);
        TableDataset d = new TableDataset(table, Shape.of(1, 2, 2), 1, 2);
        assertArrayEquals(new float[] {2, 2.5f, 3, 3.5f}, d.get(1).input().toFloatArray());
        assertEquals(9, d.label(1));
        assertEquals(Shape.of(4), new TableDataset(table).get(0).input().shape());
        assertThrows(IllegalArgumentException.class, () -> new TableDataset(table, Shape.of(5), 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new TableDataset(table, Shape.of(4), 0, 0));
    }

    @Test
    void tensorRowsBecomeSamples() {
        try (Tensor x = Tensors.of(new float[] {1, 2, 3, 4, 5, 6}, Shape.of(3, 2), TestBackend.card());
                Tensor y = Tensors.of(new long[] {7, 8, 9}, Shape.of(3), TestBackend.card())) {
            TensorDataset d = new TensorDataset(x, y);
            assertEquals(3, d.size());
            assertArrayEquals(new float[] {3, 4}, d.get(1).input().toFloatArray());
            assertArrayEquals(new long[] {8}, d.get(1).target().toLongArray());
            assertEquals(new Field("target", DType.I64, Shape.SCALAR), d.fields().get(1));
            assertThrows(IllegalArgumentException.class, () -> new TensorDataset());
            try (Tensor z = Tensors.of(new long[2], Shape.of(2), TestBackend.card())) {
                assertThrows(IllegalArgumentException.class, () -> new TensorDataset(x, z));
            }
            assertThrows(IllegalStateException.class, () -> new TensorDataset(x).get(0));
        }
    }

    @Test
    void hostArraysKnowTheirSize() {
        assertThrows(IllegalArgumentException.class, () -> HostArray.of(new float[3], Shape.of(2, 2)));
        assertThrows(IllegalStateException.class, () -> HostArray.label(3).toFloatArray());
        try (Tensor t = HostArray.of(1f, 2f).toTensor(TestBackend.host())) {
            assertArrayEquals(new float[] {1, 2}, HostArray.of(t).toFloatArray());
        }
    }
}
