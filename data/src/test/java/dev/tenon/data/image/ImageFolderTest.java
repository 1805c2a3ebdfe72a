package dev.tenon.data.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Shape;
import dev.tenon.data.DataLoader;
import dev.tenon.data.DataLoaderException;
import dev.tenon.data.Sample;
import dev.tenon.data.format.DatasetFormatException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @TempDir
    private Path root;

    /// A picture of one colour but for its top left pixel.
    private static BufferedImage picture(int type, int width, int height, int rgb, int corner) {
        BufferedImage image = new BufferedImage(width, height, type);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, x + y == 0 ? corner : rgb);
            }
        }
        return image;
    }

    private Path write(String path, String format, BufferedImage image) throws IOException {
        Path p = root.resolve(path);
        Files.createDirectories(p.getParent());
        assertTrue(ImageIO.write(image, format, p.toFile()), format);
        return p;
    }

    private static int[] unsigned(byte[] bytes) {
        int[] out = new int[bytes.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = bytes[i] & 0xFF;
        }
        return out;
    }

    @Test
    void classesAreFoldersAndImagesAreDecoded() throws Exception {
        write("dog/2.bmp", "bmp", picture(BufferedImage.TYPE_INT_RGB, 2, 1, 0x010203, 0xFFFEFD));
        write("cat/b.PNG", "png", picture(BufferedImage.TYPE_INT_ARGB, 2, 1, 0xFF102030, 0xFF405060));
        write("cat/deeper/a.gif", "gif", picture(BufferedImage.TYPE_BYTE_INDEXED, 1, 1, 0, 0xFFFF0000));
        Files.writeString(root.resolve("cat/notes.txt"), "not an image");
        Files.writeString(root.resolve("cat/.hidden.png"), "not an image");
        Files.createDirectories(root.resolve(".git"));
        Files.writeString(root.resolve("README"), "no class");
        ImageFolder d = ImageFolder.of(root);
        assertEquals(List.of("cat", "dog"), d.classes());
        assertEquals(3, d.size());
        assertArrayEquals(new int[] {0, 0, 1}, d.labels());
        Sample s = d.get(0);
        assertEquals(Shape.of(3, 1, 2), s.input().shape());
        assertArrayEquals(new int[] {0x40, 0x10, 0x50, 0x20, 0x60, 0x30}, unsigned(s.input().toByteArray()));
        assertArrayEquals(new int[] {255, 0, 0}, unsigned(d.get(1).input().toByteArray()));
        assertArrayEquals(new int[] {255, 1, 254, 2, 253, 3}, unsigned(d.get(2).input().toByteArray()));
        assertEquals(1, d.get(2).target().toLongArray()[0]);
        assertEquals("2.bmp", d.file(2).getFileName().toString());
        ImageFolder grey = ImageFolder.of(root, ImageFiles.Mode.GREY);
        assertEquals(Shape.of(1, 1, 2), grey.get(0).input().shape());
        // 0.299 R + 0.587 G + 0.114 B: 77.07 and 29.07
        assertArrayEquals(new int[] {77, 29}, unsigned(grey.get(0).input().toByteArray()));
        assertArrayEquals(new int[] {76}, unsigned(grey.get(1).input().toByteArray()));
    }

    @Test
    void greyFilesKeepTheirValues() throws Exception {
        BufferedImage grey = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setPixels(0, 0, 3, 1, new int[] {0, 100, 200});
        Path png = write("a/grey.png", "png", grey);
        assertArrayEquals(new int[] {0, 100, 200},
            unsigned(ImageFiles.read(png, ImageFiles.Mode.GREY).toByteArray()));
        assertArrayEquals(new int[] {0, 100, 200, 0, 100, 200, 0, 100, 200},
            unsigned(ImageFiles.read(png, ImageFiles.Mode.RGB).toByteArray()));
        BufferedImage deep = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
        deep.getRaster().setPixels(0, 0, 2, 1, new int[] {0x1234, 0xFFFF});
        assertArrayEquals(new int[] {0x12, 0xFF},
            unsigned(ImageFiles.read(write("a/deep.png", "png", deep), ImageFiles.Mode.GREY).toByteArray()));
        Path jpeg = write("a/smooth.jpg", "jpg", picture(BufferedImage.TYPE_INT_RGB, 16, 16, 0x808080, 0x808080));
        for (int v : unsigned(ImageFiles.read(jpeg, ImageFiles.Mode.RGB).toByteArray())) {
            assertEquals(128, v, 2);
        }
        BufferedImage two = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
        two.setRGB(1, 0, 0xFFFFFF);
        assertArrayEquals(new int[] {0, 255},
            unsigned(ImageFiles.read(write("a/bits.png", "png", two), ImageFiles.Mode.GREY).toByteArray()));
    }

    @Test
    void brokenImagesAreReportedWithTheirPath() throws Exception {
        Path good = write("cat/a.png", "png", picture(BufferedImage.TYPE_INT_RGB, 40, 30, 0x123456, 0x654321));
        write("dog/a.png", "png", picture(BufferedImage.TYPE_INT_RGB, 40, 30, 0x123456, 0x654321));
        byte[] bytes = Files.readAllBytes(good);
        Path torn = root.resolve("cat/torn.png");
        ImageFolder d = null;
        for (int keep : new int[] {0, 5, 20, 40, bytes.length / 2}) {
            Files.write(torn, Arrays.copyOf(bytes, keep));
            d = ImageFolder.of(root);
            ImageFolder folder = d;
            String m = assertThrows(DatasetFormatException.class, () -> folder.get(1), keep + " bytes").getMessage();
            assertTrue(m.contains(torn.toString()), m);
        }
        // a header that claims 65,535 x 65,535 pixels
        byte[] huge = bytes.clone();
        for (int at : new int[] {18, 19, 22, 23}) {
            huge[at] = (byte) 0xFF;
        }
        Files.write(torn, huge);
        ImageFolder folder = ImageFolder.of(root);
        assertTrue(assertThrows(DatasetFormatException.class, () -> folder.get(1)).getMessage().contains("claims"));
        try (DataLoader loader = DataLoader.builder(folder).workers(1).build()) {
            String m = assertThrows(DataLoaderException.class,
                () -> loader.forEach(b -> b.close())).getMessage();
            assertTrue(m.contains("sample 1 of ImageFolder " + root) && m.contains(torn.toString()), m);
        }
    }

    @Test
    void foldersThatCannotServeAreRefused() throws Exception {
        String m = assertThrows(NoSuchFileException.class, () -> ImageFolder.of(root.resolve("none"))).getMessage();
        assertTrue(m.contains("no such folder") && m.contains("for each class"), m);
        Path file = Files.writeString(root.resolve("file"), "x");
        assertTrue(assertThrows(NoSuchFileException.class, () -> ImageFolder.of(file)).getMessage()
            .contains("not a folder"));
        assertTrue(assertThrows(NoSuchFileException.class, () -> ImageFolder.of(root)).getMessage()
            .contains("has no folders"));
        write("cat/a.png", "png", picture(BufferedImage.TYPE_INT_RGB, 1, 1, 0, 0));
        Files.createDirectories(root.resolve("dog"));
        Files.createDirectories(root.resolve("emu"));
        m = assertThrows(DatasetFormatException.class, () -> ImageFolder.of(root)).getMessage();
        assertTrue(m.contains("dog, emu") && m.contains("png"), m);
    }

    /// Damaged anywhere: either an image, or an error that names the file.
    @Test
    void damagedFilesGiveImagesOrClearErrors() throws Exception {
        Random random = new Random(11);
        BufferedImage photo = new BufferedImage(24, 18, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 24 * 18; i++) {
            photo.setRGB(i % 24, i / 24, random.nextInt());
        }
        for (String format : List.of("png", "jpg", "gif", "bmp")) {
            byte[] good = Files.readAllBytes(write("fuzz/a." + format, format, photo));
            Path file = root.resolve("fuzz/b." + format);
            int images = 0;
            for (int i = 0; i < 250; i++) {
                byte[] bad = i % 5 == 0 ? Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
                for (int k = 0; k <= i % 4 && bad.length > 0; k++) {
                    // headers more often than pixels
                    int at = random.nextInt(random.nextBoolean() ? Math.min(60, bad.length) : bad.length);
                    bad[at] = (byte) random.nextInt();
                }
                Files.write(file, bad);
                try {
                    assertEquals(3, ImageFiles.read(file, ImageFiles.Mode.RGB).shape().dim(0));
                    images++;
                } catch (DatasetFormatException e) {
                    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
                }
            }
            assertTrue(images > 0 && images < 250, format + ": " + images + " of 250 could be read");
        }
    }
}
