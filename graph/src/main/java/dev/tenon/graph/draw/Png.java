package dev.tenon.graph.draw;

import dev.tenon.graph.draw.Sketch.Box;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.geom.RoundRectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/// Sketches as a PNG image: what [Svg] draws, in dots.
final class Png {
    private static final double MOST_DOTS = 120e6;

    private Png() {}

    static byte[] of(List<Sketch> sketches, double scale) throws IOException {
        List<Layout> layouts = new ArrayList<>();
        double width = 0;
        double height = Svg.MARGIN;
        for (Sketch k : sketches) {
            Layout l = Layout.of(k);
            layouts.add(l);
            width = Math.max(width, Math.max(l.width(), Layout.textWidth(k.title(), 14)));
            height += Svg.TITLE + l.height() + 2 * Svg.MARGIN;
        }
        width += 2 * Svg.MARGIN;
        height -= Svg.MARGIN;
        double most = Math.sqrt(MOST_DOTS / (width * height));
        double factor = Math.min(scale, most);
        BufferedImage image = new BufferedImage((int) Math.ceil(width * factor), (int) Math.ceil(height * factor),
                BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, image.getWidth(), image.getHeight());
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
        g.scale(factor, factor);
        g.translate(Svg.MARGIN, Svg.MARGIN);
        for (int i = 0; i < sketches.size(); i++) {
            Sketch k = sketches.get(i);
            text(g, 0, 12, 14, true, false, Svg.INK, k.title());
            g.translate(0, Svg.TITLE);
            arrows(g, layouts.get(i));
            for (int b = 0; b < k.boxes().size(); b++) {
                box(g, k.boxes().get(b), layouts.get(i).box(b));
            }
            g.translate(0, layouts.get(i).height() + 2 * Svg.MARGIN);
        }
        g.dispose();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (!ImageIO.write(image, "png", out)) {
            throw new IOException("this JDK cannot write PNG");
        }
        return out.toByteArray();
    }

    private static void arrows(Graphics2D g, Layout l) {
        g.setStroke(new BasicStroke(1.1f));
        for (Layout.Route r : l.routes()) {
            double[] p = r.points();
            Path2D path = new Path2D.Double();
            path.moveTo(p[0], p[1]);
            for (int i = 2; i < p.length; i += 2) {
                double[] c = Svg.curve(p, i);
                if (c.length == 2) {
                    path.lineTo(c[0], c[1]);
                } else {
                    path.curveTo(c[0], c[1], c[2], c[3], c[4], c[5]);
                }
            }
            g.setColor(Color.decode("#666666"));
            g.draw(path);
            Path2D tip = new Path2D.Double();
            double x = p[p.length - 2];
            double y = p[p.length - 1];
            tip.moveTo(x, y);
            tip.lineTo(x - 3.3, y - 7.5);
            tip.lineTo(x + 3.3, y - 7.5);
            tip.closePath();
            g.fill(tip);
        }
        for (Layout.Route r : l.routes()) {
            double x = r.points()[0] + 5;
            double y = r.points()[1] + 13;
            if (!r.arrow().label().isEmpty()) {
                g.setColor(new Color(255, 255, 255, 191));
                g.fill(new Rectangle2D.Double(x - 1, y - 9, Layout.textWidth(r.arrow().label(), Layout.FONT - 2), 11));
                text(g, x, y, Layout.FONT - 2, false, false, "#666666", r.arrow().label());
            }
        }
    }

    private static void box(Graphics2D g, Box box, double[] at) {
        double round = 2 * Double.parseDouble(Svg.radius(box, at));
        RoundRectangle2D shape = new RoundRectangle2D.Double(at[0], at[1], at[2], at[3], round, round);
        g.setColor(Color.decode(box.kind().fill));
        g.fill(shape);
        g.setStroke(new BasicStroke(1));
        g.setColor(Color.decode(box.kind().line));
        g.draw(shape);
        for (int i = 0; i < box.lines().size(); i++) {
            text(g, at[0] + at[2] / 2, Svg.baseline(at, i), Svg.size(i), i == 0, true,
                    i == 0 ? "#111111" : "#444444", box.lines().get(i));
        }
    }

    private static void text(Graphics2D g, double x, double y, double size, boolean bold, boolean centred,
            String colour, String text) {
        g.setColor(Color.decode(colour));
        g.setFont(new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, 1).deriveFont((float) size));
        double shift = centred ? g.getFontMetrics().getStringBounds(text, g).getWidth() / 2 : 0;
        g.drawString(text, (float) (x - shift), (float) y);
    }
}
