package dev.tenon.data.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.api.Shape;
import dev.tenon.data.BatchSource;
import dev.tenon.data.Dataset;
import dev.tenon.data.Sample;
import dev.tenon.data.format.DatasetFormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// MNIST's relatives and CIFAR, from files that the tests write.
class ImageDatasetsTest {
    @TempDir
    private Path root;

    private static byte[] idx(int[] shape, int... values) {
        ByteBuffer b = ByteBuffer.allocate(4 + 4 * shape.length + values.length);
        b.putInt(0x0800 | shape.length);
        for (int n : shape) {
            b.putInt(n);
        }
        for (int v : values) {
            b.put((byte) v);
        }
        return b.array();
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
            zip.write(plain);
        }
        return out.toByteArray();
    }

    private void write(String path, byte[] content) throws IOException {
        Path p = root.resolve(path);
        Files.createDirectories(p.getParent());
        Files.write(p, content);
    }

    @Test
    void mnistIsFoundWhereOthersPutIt() throws Exception {
        byte[] images = idx(new int[] {2, 2, 3}, 0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255);
        for (String folder : List.of("a/MNIST/raw/", "b/MNIST/", "c/raw/", "d/")) {
            write(folder + "train-images-idx3-ubyte", images);
            write(folder + "train-labels-idx1-ubyte.gz", gzip(idx(new int[] {2}, 7, 9)));
            ImageDataset d = Mnist.mnist(root.resolve(folder.substring(0, 1)), true);
            assertEquals(2, d.size());
            assertEquals(Shape.of(1, 2, 3), d.shape());
            assertArrayEquals(new byte[] {-6, -5, -4, -3, -2, -1}, d.get(1).input().toByteArray());
            assertArrayEquals(new long[] {9}, d.get(1).target().toLongArray());
            assertArrayEquals(new int[] {7, 9}, d.labels());
            assertEquals("MNIST train", d.name());
        }
        write("e/FashionMNIST/raw/t10k-images.idx3-ubyte.gz", gzip(images));
        write("e/FashionMNIST/raw/t10k-labels.idx1-ubyte", idx(new int[] {2}, 0, 1));
        write("e/KMNIST/t10k-images-idx3-ubyte.gz", gzip(images));
        write("e/KMNIST/t10k-labels-idx1-ubyte", idx(new int[] {2}, 0, 2));
        assertEquals("Trouser", Mnist.fashionMnist(root.resolve("e"), false).classes().get(1));
        assertEquals("su", Mnist.kmnist(root.resolve("e"), false).classes().get(2));
        String m = assertThrows(NoSuchFileException.class, () -> Mnist.mnist(root.resolve("e"), true)).getMessage();
        assertTrue(m.contains("MNIST train") && m.contains("train-images-idx3-ubyte.gz") && m.contains("no such folder")
            && m.contains(root.resolve("e").toString()), m);
        Files.delete(root.resolve("d/train-labels-idx1-ubyte.gz"));
        m = assertThrows(NoSuchFileException.class, () -> Mnist.mnist(root.resolve("d"), true)).getMessage();
        assertTrue(m.contains("train-labels-idx1-ubyte.gz"), m);
        write("c/raw/train-labels-idx1-ubyte.gz", idx(new int[] {2}, 3, 10));
        m = assertThrows(DatasetFormatException.class, () -> Mnist.mnist(root.resolve("c"), true)).getMessage();
        assertTrue(m.contains("label 1 is 10") && m.contains("0 to 9"), m);
        write("c/raw/train-images-idx3-ubyte", Arrays.copyOf(images, images.length - 1));
        m = assertThrows(DatasetFormatException.class, () -> Mnist.mnist(root.resolve("c"), true)).getMessage();
        assertTrue(m.contains("cut short") && m.contains("train-images"), m);
        write("c/raw/train-images-idx3-ubyte", new byte[] {1, 2, 3, 4, 5});
        m = assertThrows(DatasetFormatException.class, () -> Mnist.mnist(root.resolve("c"), true)).getMessage();
        assertTrue(m.contains("not an IDX file"), m);
    }

    @Test
    void emnistStandsUpright() throws Exception {
        // in the file: columns first
        byte[] images = idx(new int[] {1, 2, 3}, 1, 2, 3, 4, 5, 6);
        for (String split : List.of("byclass", "bymerge", "balanced", "letters", "digits", "mnist")) {
            write("EMNIST/raw/emnist-" + split + "-test-images-idx3-ubyte.gz", gzip(images));
            write("EMNIST/raw/emnist-" + split + "-test-labels-idx1-ubyte.gz", gzip(idx(new int[] {1}, 9)));
        }
        ImageDataset d = Mnist.emnist(root, "letters", false);
        assertEquals(Shape.of(1, 3, 2), d.shape());
        assertArrayEquals(new byte[] {1, 4, 2, 5, 3, 6}, d.get(0).input().toByteArray());
        assertEquals("i", d.classes().get(9));
        assertEquals(27, d.classes().size());
        assertEquals(62, Mnist.emnist(root, "byclass", false).classes().size());
        List<String> balanced = Mnist.emnist(root, "balanced", false).classes();
        assertEquals(47, balanced.size());
        assertEquals(List.of("a", "b", "d", "e", "f", "g", "h", "n", "q", "r", "t"), balanced.subList(36, 47));
        assertEquals(balanced, Mnist.emnist(root, "bymerge", false).classes());
        assertEquals(10, Mnist.emnist(root, "digits", false).classes().size());
        assertEquals("9", Mnist.emnist(root, "mnist", false).classes().get(9));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Mnist.emnist(root, "letter", false)).getMessage()
            .contains("balanced"));
        assertThrows(NoSuchFileException.class, () -> Mnist.emnist(root, "letters", true));
    }

    private static byte[] cifar(int labelBytes, int... labels) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < labels.length; i++) {
            for (int l = 0; l < labelBytes; l++) {
                out.write(labelBytes == 2 && l == 0 ? labels[i] / 5 : labels[i]);
            }
            for (int p = 0; p < 3072; p++) {
                out.write(i + p / 1024 * 100);
            }
        }
        return out.toByteArray();
    }

    @Test
    void cifarIsReadFromItsBinaryVersion() throws Exception {
        for (int f = 1; f <= 5; f++) {
            write("cifar-10-batches-bin/data_batch_" + f + ".bin", cifar(1, f, 9));
        }
        write("cifar-10-batches-bin/test_batch.bin", cifar(1, 0));
        ImageDataset d = Cifar.cifar10(root, true);
        assertEquals(10, d.size());
        assertArrayEquals(new int[] {1, 9, 2, 9, 3, 9, 4, 9, 5, 9}, d.labels());
        byte[] pixels = d.get(3).input().toByteArray();
        assertEquals(Shape.of(3, 32, 32), d.get(3).input().shape());
        assertEquals(1, pixels[0]);
        assertEquals(101, pixels[1024]);
        assertEquals(201, pixels[3071] & 0xFF);
        assertEquals("truck", d.classes().get(9));
        assertEquals(1, Cifar.cifar10(root.resolve("cifar-10-batches-bin"), false).size());
        Files.delete(root.resolve("cifar-10-batches-bin/data_batch_4.bin"));
        String m = assertThrows(NoSuchFileException.class, () -> Cifar.cifar10(root, true)).getMessage();
        assertTrue(m.contains("data_batch_4.bin") && m.contains("cifar-10-batches-bin"), m);
        write("cifar-10-batches-bin/test_batch.bin", cifar(1, 0, 10));
        m = assertThrows(DatasetFormatException.class, () -> Cifar.cifar10(root, false)).getMessage();
        assertTrue(m.contains("image 1 has label 10"), m);
        write("cifar-10-batches-bin/test_batch.bin", new byte[3072]);
        m = assertThrows(DatasetFormatException.class, () -> Cifar.cifar10(root, false)).getMessage();
        assertTrue(m.contains("3072 bytes") && m.contains("3073"), m);
        write("cifar-10-batches-bin/test_batch.bin", new byte[0]);
        assertThrows(DatasetFormatException.class, () -> Cifar.cifar10(root, false));

        write("cifar-100-binary/train.bin", cifar(2, 99, 5));
        ImageDataset hundred = Cifar.cifar100(root, true);
        assertArrayEquals(new int[] {99, 5}, hundred.labels());
        assertArrayEquals(new int[] {19, 1}, Cifar.cifar100Coarse(root, true).labels());
        assertEquals("99", hundred.classes().get(99));
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            names.add("class_" + i);
        }
        Files.write(root.resolve("cifar-100-binary/fine_label_names.txt"), names);
        assertEquals("class_42", Cifar.cifar100(root, true).classes().get(42));
        Files.write(root.resolve("cifar-100-binary/fine_label_names.txt"), names.subList(0, 99));
        assertThrows(DatasetFormatException.class, () -> Cifar.cifar100(root, true));
    }

    @Test
    void normalisedImagesAreFloats() throws Exception {
        ImageDataset d = new ImageDataset("two", new byte[] {0, -1, 51, 102}, new int[] {0, 1}, Shape.of(2, 1, 1),
            List.of("a", "b"));
        Dataset<Sample> f = d.normalised(new double[] {0, 0.2}, new double[] {1, 0.1});
        assertArrayEquals(new float[] {0.2f, 2}, f.get(1).input().toFloatArray(), 1e-6f);
        assertArrayEquals(new float[] {0, 8}, f.get(0).input().toFloatArray(), 1e-6f);
        assertTrue(f instanceof BatchSource && f.name().equals("two"));
        assertThrows(IndexOutOfBoundsException.class, () -> f.get(2));
        assertThrows(IndexOutOfBoundsException.class, () -> d.get(-1));
        assertThrows(IllegalArgumentException.class, () -> d.normalised(new double[1], new double[] {1}));
        assertThrows(IllegalArgumentException.class, () -> d.normalised(new double[2], new double[] {1, 0}));
        assertThrows(IllegalArgumentException.class,
            () -> new ImageDataset("x", new byte[3], new int[2], Shape.of(2, 1, 1), List.of("a")));
        assertTrue(assertThrows(IllegalArgumentException.class,
            () -> new ImageDataset("x", new byte[4], new int[] {0, 1}, Shape.of(2, 1, 1), List.of("a"))).getMessage()
            .contains("image 1 has label 1"));
    }

    @Test
    void theRealTestImagesOfMnist() throws Exception {
        String data = System.getProperty("tenon.data.dir");
        assumeTrue(data != null && Files.isDirectory(Path.of(data, "mnist-t10k")), "no -Dtenon.data.dir");
        ImageDataset d = Mnist.mnist(Path.of(data, "mnist-t10k"), false);
        assertEquals(10_000, d.size());
        long sum = 0;
        for (int i = 0; i < 10_000; i++) {
            for (byte b : d.get(i).input().toByteArray()) {
                sum += b & 0xFF;
            }
        }
        // the test images' mean, as published
        assertEquals(0.1325, sum / 255.0 / 7_840_000, 0.0001);
        assertEquals(7, d.labels()[0]);
    }
}
