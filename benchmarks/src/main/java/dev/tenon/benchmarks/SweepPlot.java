package dev.tenon.benchmarks;

import dev.tenon.data.format.AtomicFiles;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// The ratio to the fastest peer by size, both axes logarithmic, one line for each op.
final class SweepPlot {
    private static final int WIDTH = 1300;
    private static final int HEIGHT = 640;
    /// Beyond these the picture says no more than that it is far.
    private static final double LEAST = 0.1;
    private static final double MOST = 10;
    private static final Color TEXT = new Color(0x33373D);
    private static final Color GRID = new Color(0xE3E6EA);
    private static final Color EVEN = new Color(0x9AA1AB);
    private static final Color[] COLORS = {new Color(0x1F6FC4), new Color(0xD9640B), new Color(0x2E8B57),
        new Color(0xB03060), new Color(0x6A51A3)};

    private SweepPlot() {}

    /// Draws the results that have a ratio.
    ///
    /// @param peers their names, for the axis
    /// @throws IOException if the file cannot be written
    static void write(Path path, List<SweepCases.Point> points, List<Result> results, String peers)
            throws IOException {
        System.setProperty("java.awt.headless", System.getProperty("java.awt.headless", "true"));
        Map<String, Double> ratios = new LinkedHashMap<>();
        results.forEach(r -> r.ratio().ifPresent(x -> ratios.put(r.c().name(), x)));
        List<XYChart> charts = new ArrayList<>();
        for (SweepCases.Panel panel : SweepCases.Panel.values()) {
            Map<String, List<SweepCases.Point>> lines = new LinkedHashMap<>();
            points.stream().filter(p -> p.panel() == panel && ratios.containsKey(p.c().name()))
                .sorted(Comparator.comparingDouble(SweepCases.Point::size))
                .forEach(p -> lines.computeIfAbsent(p.line(), _ -> new ArrayList<>()).add(p));
            if (!lines.isEmpty()) {
                charts.add(chart(panel, lines, ratios, peers));
            }
        }
        BufferedImage image = new BufferedImage(WIDTH, Math.max(1, charts.size()) * HEIGHT,
            BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        for (XYChart chart : charts) {
            chart.paint(g, WIDTH, HEIGHT);
            g.translate(0, HEIGHT);
        }
        g.dispose();
        var bytes = new ByteArrayOutputStream();
        if (!ImageIO.write(image, "png", bytes)) {
            throw new IOException("this Java runtime has no PNG writer (module java.desktop is incomplete)");
        }
        AtomicFiles.write(path.toAbsolutePath(), bytes.toByteArray());
    }

    private static XYChart chart(SweepCases.Panel panel, Map<String, List<SweepCases.Point>> lines,
            Map<String, Double> ratios, String peers) {
        XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).title("Tenon beside " + peers + ": "
            + panel.title).xAxisTitle(panel.axis).yAxisTitle("peer's time by Tenon's").build();
        style(chart.getStyler());
        double least = lines.values().stream().flatMap(List::stream).mapToDouble(SweepCases.Point::size).min()
            .orElse(1);
        double most = lines.values().stream().flatMap(List::stream).mapToDouble(SweepCases.Point::size).max()
            .orElse(1);
        chart.getStyler().setXAxisMin(least * 0.9);
        chart.getStyler().setXAxisMax(Math.max(most, least * 10) * 1.1);
        XYSeries even = chart.addSeries("equal", new double[] {least, Math.max(most, least * 10)},
            new double[] {1, 1});
        even.setMarker(SeriesMarkers.NONE);
        even.setLineColor(EVEN);
        even.setLineStyle(SeriesLines.DASH_DASH);
        int i = 0;
        for (var line : lines.entrySet()) {
            XYSeries s = chart.addSeries(line.getKey(),
                line.getValue().stream().mapToDouble(SweepCases.Point::size).toArray(),
                line.getValue().stream().mapToDouble(p -> Math.clamp(ratios.get(p.c().name()), LEAST, MOST))
                    .toArray());
            // Ten lines at most: the second five are dashed.
            Color color = COLORS[i % COLORS.length];
            s.setMarkerColor(color);
            s.setMarker(SeriesMarkers.CIRCLE);
            s.setLineColor(color);
            s.setLineStyle(i < COLORS.length ? SeriesLines.SOLID : SeriesLines.DOT_DOT);
            s.setLineWidth(2f);
            i++;
        }
        return chart;
    }

    private static void style(XYStyler styler) {
        styler.setXAxisLogarithmic(true);
        styler.setYAxisLogarithmic(true);
        styler.setYAxisMin(LEAST);
        styler.setYAxisMax(MOST);
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderColor(GRID);
        styler.setPlotGridLinesColor(GRID);
        styler.setPlotGridLinesStroke(new BasicStroke(1f));
        styler.setChartPadding(20);
        styler.setChartFontColor(TEXT);
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 22));
        styler.setChartTitleBoxVisible(false);
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 17));
        styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        styler.setAxisTickLabelsColor(TEXT);
        styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        styler.setLegendPosition(Styler.LegendPosition.OutsideE);
        styler.setLegendBorderColor(Color.WHITE);
        styler.setMarkerSize(6);
    }
}
