package dev.tenon.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// A confusion matrix as a picture: a row for each class that is right, a column for each that was decided for, darker
/// the larger the share of the row; what is off the diagonal in red. Needs no screen.
public final class ConfusionPicture {
    /// The most classes one picture takes.
    public static final int MOST = 200;

    private static final int MARGIN = 36;
    private static final int HEAD = 80;
    private static final int LABELS = 130;
    private static final Color INK = new Color(0x24282E);
    private static final Color QUIET = new Color(0x6B727C);
    private static final Color GRID = new Color(0xE3E6EA);
    private static final Color RIGHT = new Color(0x1F6FC4);
    private static final Color WRONG = new Color(0xD0202E);

    static {
        PngFile.headless();
    }

    private ConfusionPicture() {}

    /// Draws the matrix and writes it as PNG; the file appears whole or not at all.
    ///
    /// @param path the file; an old one is replaced, missing folders are made
    /// @param title names model and data
    /// @param classNames the name of each class; empty to show class numbers
    /// @param matrix counts: row the right class, column the decision, as
    ///     [dev.tenon.nn.metric.ConfusionMatrix#matrix()] gives them
    /// @throws IOException if the file cannot be written; the message names it and says why
    /// @throws IllegalArgumentException if the matrix is empty, not square, too large, or has a negative number
    public static void write(Path path, String title, List<String> classNames, long[][] matrix) throws IOException {
        PngFile.write(draw(title, classNames, matrix), path, "confusion matrix");
    }

    /// The picture alone.
    ///
    /// @throws IllegalArgumentException if the matrix is empty, not square, too large, or has a negative number
    public static BufferedImage draw(String title, List<String> classNames, long[][] matrix) {
        check(matrix);
        int n = matrix.length;
        int cell = Math.clamp(900 / n, 4, 80);
        int side = n * cell;
        int width = Math.max(500, 2 * MARGIN + LABELS + side);
        int height = HEAD + LABELS + side + MARGIN;
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, width, height);
            head(g, title, matrix, width - 2 * MARGIN);
            for (int row = 0; row < n; row++) {
                long sum = 0;
                for (long count : matrix[row]) {
                    sum += count;
                }
                for (int column = 0; column < n; column++) {
                    cell(g, matrix[row][column], sum, row == column, MARGIN + LABELS + column * cell,
                            HEAD + row * cell, cell);
                }
            }
            if (cell >= 12) {
                labels(g, classNames, n, cell);
            }
        } finally {
            g.dispose();
        }
        return image;
    }

    private static void check(long[][] matrix) {
        if (matrix.length == 0 || matrix.length > MOST) {
            throw new IllegalArgumentException("confusion matrix of " + matrix.length
                    + " classes: a picture takes 1 to " + MOST);
        }
        for (long[] row : matrix) {
            if (row.length != matrix.length) {
                throw new IllegalArgumentException("confusion matrix: a row of " + row.length + " counts for "
                        + matrix.length + " classes: expected as many rows as columns");
            }
            for (long count : row) {
                if (count < 0) {
                    throw new IllegalArgumentException("confusion matrix: a count of " + count);
                }
            }
        }
    }

    private static void head(Graphics2D g, String title, long[][] matrix, int room) {
        long right = 0;
        long all = 0;
        for (int i = 0; i < matrix.length; i++) {
            right += matrix[i][i];
            for (long count : matrix[i]) {
                all += count;
            }
        }
        g.setColor(INK);
        g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 22));
        g.drawString(Captions.fit(title, g.getFontMetrics(), room), MARGIN, MARGIN + 2);
        g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 16));
        g.setColor(QUIET);
        String share = all == 0 ? "" : String.format(Locale.ROOT, " (%.2f %%)", 100.0 * right / all);
        g.drawString(Captions.fit(right + " of " + all + " right" + share + "; rows: true class, columns: decision",
                g.getFontMetrics(), room), MARGIN, MARGIN + 28);
    }

    private static void cell(Graphics2D g, long count, long sum, boolean right, int x, int y, int size) {
        double share = sum == 0 ? 0 : (double) count / sum;
        // Few mistakes are to be seen too: their colour goes by the root of their share.
        double strength = right ? share : Math.sqrt(share);
        g.setColor(mixed(right ? RIGHT : WRONG, strength));
        g.fillRect(x, y, size, size);
        g.setColor(GRID);
        g.drawRect(x, y, size, size);
        if (count > 0 && size >= 26) {
            g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, Math.min(18, size / 3)));
            g.setColor(strength > 0.55 ? Color.WHITE : INK);
            FontMetrics m = g.getFontMetrics();
            String text = Captions.fit(Long.toString(count), m, size - 4);
            g.drawString(text, x + (size - m.stringWidth(text)) / 2, y + (size + m.getAscent() - m.getDescent()) / 2);
        }
    }

    private static Color mixed(Color c, double strength) {
        double s = Math.clamp(strength, 0, 1);
        return new Color((int) Math.round(255 + s * (c.getRed() - 255)),
                (int) Math.round(255 + s * (c.getGreen() - 255)), (int) Math.round(255 + s * (c.getBlue() - 255)));
    }

    private static void labels(Graphics2D g, List<String> names, int n, int cell) {
        g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, Math.min(16, cell - 2)));
        g.setColor(INK);
        FontMetrics m = g.getFontMetrics();
        AffineTransform before = g.getTransform();
        for (int i = 0; i < n; i++) {
            String name = Captions.fit(i < names.size() ? names.get(i) : Integer.toString(i), m, LABELS - 14);
            int middle = i * cell + (cell + m.getAscent() - m.getDescent()) / 2;
            g.drawString(name, MARGIN + LABELS - 10 - m.stringWidth(name), HEAD + middle);
            g.translate(MARGIN + LABELS + middle, HEAD + n * cell + 10 + m.stringWidth(name));
            g.rotate(-Math.PI / 2);
            g.drawString(name, 0, 0);
            g.setTransform(before);
        }
    }
}
