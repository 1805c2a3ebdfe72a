package dev.tenon.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/// A page of sample predictions: each image with what the model says, how sure it is, and what is true; mistakes
/// stand out in red. Needs no screen.
public final class SamplePage {
    /// The most samples one page takes.
    public static final int MOST = 400;

    private static final int CELL = 140;
    private static final int GAP = 20;
    private static final int CAPTION = 48;
    private static final int MARGIN = 36;
    private static final int HEAD = 92;
    private static final Color INK = new Color(0x24282E);
    private static final Color QUIET = new Color(0x6B727C);
    private static final Color FRAME = new Color(0xCBD0D7);
    private static final Color WRONG = new Color(0xD0202E);

    static {
        PngFile.headless();
    }

    /// One image and what was said about it.
    ///
    /// @param pixels `height` x `width` brightness values, row by row, 0 black to 1 white, or three times as many: the
    ///     red ones, then the green, then the blue; values outside are clipped
    /// @param height rows
    /// @param width pixels per row
    /// @param predicted the class the model chose
    /// @param actual the true class
    /// @param probability what the model gave its choice, 0 to 1
    public record Sample(float[] pixels, int height, int width, int predicted, int actual, double probability) {
        /// @throws IllegalArgumentException if the sizes do not match or the probability is not within 0 to 1
        public Sample {
            Objects.requireNonNull(pixels, "pixels");
            long size = (long) height * width;
            if (height < 1 || width < 1 || size != pixels.length && 3 * size != pixels.length) {
                throw new IllegalArgumentException("sample: " + pixels.length + " pixels are not " + height + " x "
                    + width + " of them, grey or in three colours");
            }
            if (!(probability >= 0 && probability <= 1 + 1e-5)) {
                throw new IllegalArgumentException("sample: probability " + probability
                    + " is not within 0 to 1; apply softmax to logits first");
            }
        }

        /// A sample from unsigned bytes, 0 black to 255 white.
        ///
        /// @param pixels holds the image from `offset`, row by row
        /// @throws IndexOutOfBoundsException if `pixels` ends before the image does
        public static Sample ofBytes(byte[] pixels, int offset, int height, int width, int predicted, int actual,
                double probability) {
            Objects.checkFromIndexSize(offset, height * width, pixels.length);
            float[] values = new float[height * width];
            for (int i = 0; i < values.length; i++) {
                values[i] = (pixels[offset + i] & 0xFF) / 255f;
            }
            return new Sample(values, height, width, predicted, actual, probability);
        }

        /// Whether the model chose the true class.
        public boolean right() {
            return predicted == actual;
        }
    }

    private SamplePage() {
    }

    /// Draws the page and writes it as PNG; the file appears whole or not at all.
    ///
    /// @param path the file; an old one is replaced, missing folders are made
    /// @param title names model and data: "LeNet-5 on generated digits, test set"
    /// @param classNames the name of each class; empty to show class numbers
    /// @param samples 1 to [#MOST] samples, shown in this order
    /// @throws IOException if the file cannot be written; the message names it and says why
    /// @throws IllegalArgumentException if there are no samples or too many
    public static void write(Path path, String title, List<String> classNames, List<Sample> samples)
            throws IOException {
        PngFile.write(draw(title, classNames, samples), path, "page of samples");
    }

    /// The picture alone. Its size follows from the number of samples: 8 to a row, or fewer if the page stays squarer.
    ///
    /// @throws IllegalArgumentException if there are no samples or too many
    public static BufferedImage draw(String title, List<String> classNames, List<Sample> samples) {
        Objects.requireNonNull(title, "title");
        if (samples.isEmpty() || samples.size() > MOST) {
            throw new IllegalArgumentException("sample page: " + samples.size() + " samples; a page takes 1 to "
                + MOST);
        }
        int columns = columns(samples.size());
        int rows = (samples.size() + columns - 1) / columns;
        int width = 2 * MARGIN + columns * CELL + (columns - 1) * GAP;
        int height = HEAD + rows * (CELL + CAPTION + GAP) + MARGIN - GAP;
        BufferedImage page = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = page.createGraphics();
        try {
            g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, width, height);
            head(g, title, samples, width - 2 * MARGIN);
            for (int i = 0; i < samples.size(); i++) {
                int x = MARGIN + i % columns * (CELL + GAP);
                int y = HEAD + i / columns * (CELL + CAPTION + GAP);
                cell(g, samples.get(i), classNames, x, y);
            }
        } finally {
            g.dispose();
        }
        return page;
    }

    private static int columns(int samples) {
        if (samples <= 4) {
            return Math.max(4, samples);
        }
        int columns = (int) Math.ceil(Math.sqrt(samples * 1.3));
        return Math.clamp(columns, 4, samples > 100 ? 16 : 8);
    }

    private static void head(Graphics2D g, String title, List<Sample> samples, int room) {
        g.setColor(INK);
        g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 22));
        g.drawString(Captions.fit(title, g.getFontMetrics(), room), MARGIN, MARGIN + 10);
        long right = samples.stream().filter(Sample::right).count();
        String summary = right + " of " + samples.size() + " right";
        g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 16));
        g.setColor(QUIET);
        g.drawString(summary, MARGIN, MARGIN + 36);
        if (right < samples.size()) {
            int x = MARGIN + g.getFontMetrics().stringWidth(summary + "   ");
            g.setColor(WRONG);
            g.drawString(Captions.fit("mistakes in red", g.getFontMetrics(), room), x, MARGIN + 36);
        }
    }

    private static void cell(Graphics2D g, Sample sample, List<String> names, int x, int y) {
        image(g, sample, x, y);
        boolean right = sample.right();
        if (right) {
            g.setColor(FRAME);
            g.setStroke(new BasicStroke(1f));
            g.drawRect(x, y, CELL - 1, CELL - 1);
        } else {
            g.setColor(WRONG);
            g.setStroke(new BasicStroke(4f));
            g.drawRect(x - 2, y - 2, CELL + 3, CELL + 3);
        }
        String chance = String.format(Locale.ROOT, "%.1f %%", 100 * Math.min(1, sample.probability()));
        g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        FontMetrics small = g.getFontMetrics();
        int chanceWidth = small.stringWidth(chance);
        g.setColor(right ? QUIET : WRONG);
        g.drawString(chance, x + CELL - chanceWidth, y + CELL + 22);
        String truth = "true: " + name(sample.actual(), names);
        g.setColor(right ? QUIET : WRONG);
        g.drawString(Captions.fit(truth, small, CELL), x, y + CELL + 42);
        g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 19));
        g.setColor(right ? INK : WRONG);
        g.drawString(Captions.fit(name(sample.predicted(), names), g.getFontMetrics(), CELL - chanceWidth - 8), x,
            y + CELL + 22);
    }

    /// The image as large as the cell allows, by a whole factor if it is smaller, so that its pixels stay square.
    private static void image(Graphics2D g, Sample sample, int x, int y) {
        int longest = Math.max(sample.height(), sample.width());
        double factor = longest <= CELL ? CELL / longest : CELL / (double) longest;
        int width = Math.max(1, (int) (sample.width() * factor));
        int height = Math.max(1, (int) (sample.height() * factor));
        BufferedImage image = new BufferedImage(sample.width(), sample.height(), BufferedImage.TYPE_INT_RGB);
        for (int row = 0; row < sample.height(); row++) {
            for (int column = 0; column < sample.width(); column++) {
                int at = row * sample.width() + column;
                int size = sample.height() * sample.width();
                boolean grey = sample.pixels().length == size;
                image.setRGB(column, row, level(sample, at) << 16 | level(sample, grey ? at : at + size) << 8
                    | level(sample, grey ? at : at + 2 * size));
            }
        }
        g.setColor(Color.BLACK);
        g.fillRect(x, y, CELL, CELL);
        g.setRenderingHint(RenderingHints.KEY_INTERPOLATION, longest <= CELL
            ? RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR : RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        g.drawImage(image, x + (CELL - width) / 2, y + (CELL - height) / 2, width, height, null);
    }

    private static int level(Sample sample, int at) {
        float value = sample.pixels()[at];
        return Float.isNaN(value) ? 0 : Math.round(255 * Math.clamp(value, 0f, 1f));
    }

    private static String name(int label, List<String> names) {
        return label >= 0 && label < names.size() ? names.get(label) : Integer.toString(label);
    }
}
