package dev.tenon.report;

import dev.tenon.nn.train.History;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// A picture of a training run: loss on the training set (left axis) and accuracy on the test set (right axis) per
/// epoch. Needs no screen.
public final class TrainingCurve {
    private static final int WIDTH = 1200;
    private static final int HEIGHT = 720;
    /// Losses beyond this are left out: the run has diverged, and the chart library does not end on axes without bound.
    private static final double LARGEST = 1e9;
    /// A loss axis does not get shorter than this, for the same reason.
    private static final double SMALLEST = 1e-9;
    private static final Color LOSS = new Color(0x1F6FC4);
    private static final Color ACCURACY = new Color(0xD9640B);
    private static final Color TEXT = new Color(0x33373D);
    private static final Color GRID = new Color(0xE3E6EA);

    static {
        PngFile.headless();
    }

    /// What one epoch gave.
    ///
    /// @param epoch counted from 1
    /// @param trainLoss mean loss per sample on the training set; left out if it is NaN or beyond ±1e9
    /// @param testAccuracy share of the test set that is right, 0 to 1; NaN if not measured in this epoch
    public record Epoch(int epoch, double trainLoss, double testAccuracy) {
        /// @throws IllegalArgumentException if `testAccuracy` is neither NaN nor within 0 to 1
        public Epoch {
            if (testAccuracy < 0 || testAccuracy > 1) {
                throw new IllegalArgumentException("epoch " + epoch + ": test accuracy " + testAccuracy
                    + " is not within 0 to 1; give a share, not per cent");
            }
        }
    }

    private TrainingCurve() {
    }

    /// The epochs of a history: its `loss`, and a value from 0 to 1, such as `val_accuracy`.
    ///
    /// @throws IllegalArgumentException if the history has no such value
    public static List<Epoch> of(History history, String accuracy) {
        double[] loss = history.get("loss");
        double[] shares = history.get(accuracy);
        List<Epoch> out = new ArrayList<>();
        for (int i = 0; i < loss.length; i++) {
            out.add(new Epoch(history.epochs().get(i).number(), loss[i], shares[i]));
        }
        return out;
    }

    /// Draws the curve, 1200 x 720 pixels, and writes it as PNG; the file appears whole or not at all.
    ///
    /// @param path the file; an old one is replaced, missing folders are made
    /// @param title names model and data: "LeNet-5 on generated digits"
    /// @param lossTitle what the loss is and its unit: "cross-entropy, nats per sample"
    /// @param epochs at least one, in order
    /// @throws IOException if the file cannot be written; the message names it and says why
    /// @throws IllegalArgumentException if `epochs` is empty or not in ascending order
    public static void write(Path path, String title, String lossTitle, List<Epoch> epochs) throws IOException {
        PngFile.write(draw(title, lossTitle, epochs, WIDTH, HEIGHT), path, "training curve");
    }

    /// The picture alone, `width` x `height` pixels.
    ///
    /// @throws IllegalArgumentException if `epochs` is empty or not in ascending order
    public static BufferedImage draw(String title, String lossTitle, List<Epoch> epochs, int width, int height) {
        Objects.requireNonNull(title, "title");
        Objects.requireNonNull(lossTitle, "lossTitle");
        check(epochs);
        XYChart chart = new XYChartBuilder().width(width).height(height).title(title).xAxisTitle("Epoch").build();
        style(chart.getStyler());
        chart.setYAxisGroupTitle(0, "Training loss (" + lossTitle + ")");
        chart.setYAxisGroupTitle(1, "Test accuracy (%)");
        double[] x = epochs.stream().mapToDouble(Epoch::epoch).toArray();
        double[] loss = epochs.stream().mapToDouble(e -> finite(e.trainLoss())).toArray();
        double[] accuracy = epochs.stream().mapToDouble(e -> 100 * e.testAccuracy()).toArray();
        scale(chart.getStyler(), x, loss, accuracy);
        Marker lossMarker = epochs.size() > 60 ? SeriesMarkers.NONE : SeriesMarkers.CIRCLE;
        Marker accuracyMarker = epochs.size() > 60 ? SeriesMarkers.NONE : SeriesMarkers.DIAMOND;
        series(chart, "Training loss", x, loss, 0, LOSS, lossMarker);
        series(chart, "Test accuracy" + last(epochs), x, accuracy, 1, ACCURACY, accuracyMarker);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
            chart.paint(g, width, height);
        } finally {
            g.dispose();
        }
        return image;
    }

    private static void check(List<Epoch> epochs) {
        if (epochs.isEmpty()) {
            throw new IllegalArgumentException("training curve: no epochs; at least one is needed");
        }
        for (int i = 1; i < epochs.size(); i++) {
            if (epochs.get(i).epoch() <= epochs.get(i - 1).epoch()) {
                throw new IllegalArgumentException("training curve: epoch " + epochs.get(i).epoch() + " follows epoch "
                    + epochs.get(i - 1).epoch() + "; epochs must ascend");
            }
        }
    }

    private static void style(XYStyler styler) {
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderColor(GRID);
        styler.setPlotGridLinesColor(GRID);
        styler.setPlotGridLinesStroke(new BasicStroke(1f));
        styler.setPlotContentSize(0.97);
        styler.setChartPadding(24);
        styler.setChartFontColor(TEXT);
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 24));
        styler.setChartTitleBoxVisible(false);
        styler.setChartTitlePadding(14);
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 18));
        styler.setAxisTitlePadding(12);
        styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        styler.setAxisTickLabelsColor(TEXT);
        styler.setAxisTickMarksColor(GRID);
        styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 17));
        styler.setLegendPosition(Styler.LegendPosition.OutsideS);
        styler.setLegendLayout(Styler.LegendLayout.Horizontal);
        styler.setLegendBorderColor(Color.WHITE);
        styler.setMarkerSize(8);
        styler.setYAxisGroupPosition(1, Styler.YAxisPosition.Right);
        styler.setYAxisGroupTitleColor(0, LOSS);
        styler.setYAxisGroupTitleColor(1, ACCURACY);
        styler.setYAxisGroupTickLabelsColorMap(0, LOSS);
        styler.setYAxisGroupTickLabelsColorMap(1, ACCURACY);
        styler.setYAxisTickMarkSpacingHint(70);
        styler.putYAxisGroupDecimalPatternMap(1, "0.##");
        styler.setXAxisTickLabelsFormattingFunction(v -> v == Math.rint(v) ? Long.toString(Math.round(v)) : "");
    }

    /// Axis ends that need no luck: loss from 0, accuracy up to 100 %, a single epoch not on the frame.
    private static void scale(XYStyler styler, double[] x, double[] loss, double[] accuracy) {
        if (x.length == 1) {
            styler.setXAxisMin(x[0] - 1);
            styler.setXAxisMax(x[0] + 1);
        }
        double lowest = Double.POSITIVE_INFINITY;
        double highest = Double.NEGATIVE_INFINITY;
        for (double value : loss) {
            if (!Double.isNaN(value)) {
                lowest = Math.min(lowest, value);
                highest = Math.max(highest, value);
            }
        }
        if (lowest > highest) {
            styler.setYAxisMin(0, 0.0);
            styler.setYAxisMax(0, 1.0);
        } else if (lowest >= 0) {
            styler.setYAxisMin(0, 0.0);
            styler.setYAxisMax(0, highest < SMALLEST ? 1.0 : highest * 1.03);
        } else {
            double room = Math.max(0.05 * (highest - lowest), 0.001 * Math.abs(lowest) + SMALLEST);
            styler.setYAxisMin(0, lowest - room);
            styler.setYAxisMax(0, highest + room);
        }
        boolean usual = lowest > highest || highest >= 1e-3 && highest < 1e6;
        styler.putYAxisGroupDecimalPatternMap(0, usual ? "0.######" : "0.##E0");
        double worst = 100;
        for (double value : accuracy) {
            if (!Double.isNaN(value)) {
                worst = Math.min(worst, value);
            }
        }
        double span = 100 - worst;
        double step = span > 50 ? 20 : span > 20 ? 10 : span > 8 ? 5 : span > 3 ? 2 : 1;
        styler.setYAxisMin(1, Math.max(0, Math.floor((worst - 0.1) / step) * step));
        styler.setYAxisMax(1, 100.0);
    }

    private static void series(XYChart chart, String name, double[] x, double[] y, int group, Color color,
            Marker marker) {
        XYSeries series = chart.addSeries(name, x, y);
        series.setYAxisGroup(group);
        series.setLineColor(color);
        series.setLineStyle(SeriesLines.SOLID);
        series.setLineWidth(2.5f);
        series.setMarker(marker);
        series.setMarkerColor(color);
    }

    private static String last(List<Epoch> epochs) {
        double accuracy = epochs.getLast().testAccuracy();
        return Double.isNaN(accuracy) ? "" : String.format(Locale.ROOT, " (last: %.2f %%)", 100 * accuracy);
    }

    private static double finite(double value) {
        return Math.abs(value) <= LARGEST ? value : Double.NaN;
    }
}
