package dev.tenon.data.image;

import dev.tenon.api.Shape;
import dev.tenon.data.HostArray;
import dev.tenon.data.format.DatasetFormatException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/// Reads image files (PNG, JPEG, GIF, BMP, TIFF and what else `ImageIO` has readers for) as arrays `U8` of shape
/// [channels, height, width].
public final class ImageFiles {
    /// More pixels than this are not decoded: a file may claim any size.
    private static final long MOST_PIXELS = 1L << 26;
    /// Nor more for each byte of the file: no compression of pictures goes so far (deflate, with eight pixels to a
    /// byte, comes to 8,256).
    private static final long MOST_PER_BYTE = 10_000;

    /// What becomes of colours.
    public enum Mode {
        /// One channel: L = 0.299 R + 0.587 G + 0.114 B, rounded.
        GREY(1),
        /// Three channels: red, green, blue.
        RGB(3);

        private final int channels;

        Mode(int channels) {
            this.channels = channels;
        }

        /// The number of channels.
        public int channels() {
            return channels;
        }
    }

    private ImageFiles() {
    }

    /// The endings of file names, without dot and in lower case, that can be read.
    public static Set<String> extensions() {
        Set<String> out = new TreeSet<>();
        for (String s : ImageIO.getReaderFileSuffixes()) {
            if (!s.isEmpty()) {
                out.add(s.toLowerCase(Locale.ROOT));
            }
        }
        return out;
    }

    /// The image in a file. Transparency is dropped; of several images the first counts.
    ///
    /// @throws DatasetFormatException if the file holds no image that can be read, or one of more than 2^26 pixels
    ///     or of more than so small a file can hold
    /// @throws IOException if reading fails
    public static HostArray read(Path file, Mode mode) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new DatasetFormatException(file, "holds no image that can be read (" + bytes.length
                    + " bytes); expected one of " + extensions());
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                long width = reader.getWidth(0);
                long height = reader.getHeight(0);
                long most = Math.min(MOST_PIXELS, MOST_PER_BYTE * bytes.length);
                if (width * height > most) {
                    throw new DatasetFormatException(file, "claims " + width + " x " + height
                        + " pixels; at most " + most + " are read from a file of " + bytes.length + " bytes");
                }
                return array(reader.read(0), mode);
            } finally {
                reader.dispose();
            }
        } catch (DatasetFormatException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // readers meet broken files with exceptions of any kind
            throw new DatasetFormatException(file, "is broken: " + e + "; repair or remove it", e);
        }
    }

    /// An image as an array.
    public static HostArray array(BufferedImage image, Mode mode) {
        int width = image.getWidth();
        int height = image.getHeight();
        int plane = width * height;
        byte[] out = new byte[mode.channels * plane];
        ColorModel model = image.getColorModel();
        boolean grey = model.getColorSpace().getType() == ColorSpace.TYPE_GRAY && model.getNumColorComponents() == 1;
        if (grey) {
            // getRGB would take the values to be linear in light, and change them
            greys(image.getRaster(), model, out);
            if (mode == Mode.RGB) {
                System.arraycopy(out, 0, out, plane, plane);
                System.arraycopy(out, 0, out, 2 * plane, plane);
            }
        } else if (image.getType() == BufferedImage.TYPE_3BYTE_BGR
                && image.getRaster().getDataBuffer() instanceof DataBufferByte buffer
                && buffer.getData().length == 3 * plane) {
            // what readers make of most files: no need for a method call for every pixel
            byte[] bgr = buffer.getData();
            for (int i = 0; i < plane; i++) {
                put(out, i, plane, mode, bgr[3 * i + 2] & 0xFF, bgr[3 * i + 1] & 0xFF, bgr[3 * i] & 0xFF);
            }
        } else {
            int[] line = new int[width];
            for (int y = 0; y < height; y++) {
                image.getRGB(0, y, width, 1, line, 0, width);
                for (int x = 0; x < width; x++) {
                    put(out, y * width + x, plane, mode, line[x] >> 16 & 0xFF, line[x] >> 8 & 0xFF, line[x] & 0xFF);
                }
            }
        }
        return HostArray.of(out, Shape.of(mode.channels, height, width));
    }

    private static void put(byte[] out, int at, int plane, Mode mode, int r, int g, int b) {
        if (mode == Mode.GREY) {
            out[at] = (byte) luma(r, g, b);
        } else {
            out[at] = (byte) r;
            out[plane + at] = (byte) g;
            out[2 * plane + at] = (byte) b;
        }
    }

    /// ITU-R 601-2: 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded.
    public static int luma(int r, int g, int b) {
        return r * 19595 + g * 38470 + b * 7471 + 0x8000 >> 16;
    }

    private static void greys(Raster raster, ColorModel model, byte[] out) {
        int width = raster.getWidth();
        int bits = model.getComponentSize(0);
        boolean isShort = raster.getDataBuffer().getDataType() == DataBuffer.TYPE_USHORT;
        int most = (1 << Math.min(bits, 16)) - 1;
        int[] line = new int[width];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getSamples(raster.getMinX(), raster.getMinY() + y, width, 1, 0, line);
            for (int x = 0; x < width; x++) {
                out[y * width + x] = (byte) (isShort ? line[x] >> 8 : line[x] * 255 / most);
            }
        }
    }
}
