package dev.tenon.report;

import dev.tenon.api.Tensor;
import java.awt.image.BufferedImage;

/// Tensors as pictures.
final class Pictures {
    static {
        PngFile.headless();
    }

    private Pictures() {}

    /// @param image `[height, width]` or `[1 or 3, height, width]`, from 0 to 1; values outside are clipped, NaN is
    ///     black
    static BufferedImage of(Tensor image) {
        boolean flat = image.rank() == 2;
        long channels = flat ? 1 : image.rank() == 3 ? image.size(0) : 0;
        if (channels != 1 && channels != 3 || image.elements() == 0) {
            throw new IllegalArgumentException("image " + image.shape() + ": expected [height, width] or [channels,"
                    + " height, width] with 1 or 3 channels");
        }
        int height = (int) image.size(flat ? 0 : 1);
        int width = (int) image.size(flat ? 1 : 2);
        int size = height * width;
        float[] x = image.toFloatArray();
        BufferedImage out = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < size; i++) {
            int rgb = 0;
            for (int c = 0; c < 3; c++) {
                float v = x[channels == 1 ? i : c * size + i];
                rgb = rgb << 8 | (Float.isNaN(v) ? 0 : Math.round(255 * Math.clamp(v, 0f, 1f)));
            }
            out.setRGB(i % width, i / width, rgb);
        }
        return out;
    }
}
