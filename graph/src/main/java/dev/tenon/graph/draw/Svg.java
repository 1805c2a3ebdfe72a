package dev.tenon.graph.draw;

import dev.tenon.graph.draw.Sketch.Box;
import java.util.List;
import java.util.Locale;

/// Sketches as an SVG document.
final class Svg {
    static final double MARGIN = 18;
    static final double TITLE = 26;
    static final String INK = "#333333";

    private Svg() {}

    static String of(List<Sketch> sketches) {
        StringBuilder s = new StringBuilder();
        double y = MARGIN;
        double width = 0;
        for (Sketch k : sketches) {
            Layout l = Layout.of(k);
            width = Math.max(width, Math.max(l.width(), Layout.textWidth(k.title(), 14)));
            text(s, MARGIN, y + 12, 14, "bold", "start", INK, k.title());
            y += TITLE;
            arrows(s, l, MARGIN, y);
            for (int b = 0; b < k.boxes().size(); b++) {
                box(s, k.boxes().get(b), l.box(b), MARGIN, y);
            }
            y += l.height() + 2 * MARGIN;
        }
        String size = number(width + 2 * MARGIN) + "\" height=\"" + number(y - MARGIN);
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + size + "\" viewBox=\"0 0 "
                + number(width + 2 * MARGIN) + " " + number(y - MARGIN)
                + "\" font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n<rect width=\"100%\""
                + " height=\"100%\" fill=\"white\"/>\n<defs><marker id=\"tip\" markerWidth=\"8\" markerHeight=\"8\""
                + " refX=\"7\" refY=\"3.5\" orient=\"auto\"><path d=\"M0,0.5 L7,3.5 L0,6.5 z\" fill=\"#666666\"/>"
                + "</marker></defs>\n" + s + "</svg>\n";
    }

    private static void arrows(StringBuilder s, Layout l, double dx, double dy) {
        for (Layout.Route r : l.routes()) {
            double[] p = r.points();
            s.append("<path d=\"M").append(number(p[0] + dx)).append(',').append(number(p[1] + dy));
            for (int i = 2; i < p.length; i += 2) {
                double[] c = curve(p, i);
                s.append(c.length == 2 ? " L" : " C");
                for (int k = 0; k < c.length; k += 2) {
                    s.append(k == 0 ? "" : " ").append(number(c[k] + dx)).append(',').append(number(c[k + 1] + dy));
                }
            }
            s.append("\" fill=\"none\" stroke=\"#666666\" stroke-width=\"1.1\" marker-end=\"url(#tip)\"/>\n");
        }
        for (Layout.Route r : l.routes()) {
            double x = r.points()[0] + dx + 5;
            double y = r.points()[1] + dy + 13;
            if (!r.arrow().label().isEmpty()) {
                // Something white behind it, where an arrow runs through.
                s.append("<rect x=\"").append(number(x - 1)).append("\" y=\"").append(number(y - 9))
                        .append("\" width=\"").append(number(Layout.textWidth(r.arrow().label(), Layout.FONT - 2)))
                        .append("\" height=\"11\" fill=\"white\" fill-opacity=\"0.75\"/>\n");
                text(s, x, y, Layout.FONT - 2, "normal", "start", "#666666", r.arrow().label());
            }
        }
    }

    /// The part of a way that ends at point `i`: a line where it goes straight down, otherwise the three points of a
    /// curve that leaves and arrives vertically.
    static double[] curve(double[] p, int i) {
        if (Math.abs(p[i] - p[i - 2]) < 0.5) {
            return new double[] {p[i], p[i + 1]};
        }
        double middle = (p[i - 1] + p[i + 1]) / 2;
        return new double[] {p[i - 2], middle, p[i], middle, p[i], p[i + 1]};
    }

    private static void box(StringBuilder s, Box box, double[] at, double dx, double dy) {
        s.append("<g><title>").append(escaped(box.hint())).append("</title><rect x=\"").append(number(at[0] + dx))
                .append("\" y=\"").append(number(at[1] + dy)).append("\" width=\"").append(number(at[2]))
                .append("\" height=\"").append(number(at[3])).append("\" rx=\"").append(radius(box, at))
                .append("\" fill=\"").append(box.kind().fill).append("\" stroke=\"").append(box.kind().line)
                .append("\"/>\n");
        for (int i = 0; i < box.lines().size(); i++) {
            text(s, at[0] + at[2] / 2 + dx, baseline(at, i) + dy, size(i), i == 0 ? "bold" : "normal", "middle",
                    i == 0 ? "#111111" : "#444444", box.lines().get(i));
        }
        s.append("</g>\n");
    }

    static String radius(Box box, double[] at) {
        boolean round = box.kind() == Sketch.Kind.INPUT || box.kind() == Sketch.Kind.OUTPUT
                || box.kind() == Sketch.Kind.LEAF;
        return number(round ? at[3] / 2 : 5);
    }

    static double baseline(double[] at, int line) {
        return at[1] + Layout.PAD + 9 + line * Layout.LINE;
    }

    static double size(int line) {
        return line == 0 ? Layout.FONT + 1 : Layout.FONT - 1.5;
    }

    private static void text(StringBuilder s, double x, double y, double size, String weight, String anchor,
            String colour, String text) {
        if (!text.isEmpty()) {
            s.append("<text x=\"").append(number(x)).append("\" y=\"").append(number(y)).append("\" font-size=\"")
                    .append(number(size)).append("\" font-weight=\"").append(weight).append("\" text-anchor=\"")
                    .append(anchor).append("\" fill=\"").append(colour).append("\">").append(escaped(text))
                    .append("</text>\n");
        }
    }

    static String number(double d) {
        return String.format(Locale.ROOT, "%.1f", d);
    }

    private static String escaped(String s) {
        return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
