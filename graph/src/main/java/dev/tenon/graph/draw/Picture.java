package dev.tenon.graph.draw;

import dev.tenon.api.Tensor;
import dev.tenon.graph.Graph;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/// A picture of a graph: boxes from top to bottom in the order in which data flow, shapes at the arrows, a colour for
/// each kind of op, the bodies of control flow below.
///
/// ```java
/// Picture.of(graph).writeSvg(Path.of("graph.svg"));
/// Picture.ofHistory(loss, Map.of("weight", w, "bias", b)).writePng(Path.of("backward.png"), 2);
/// ```
public final class Picture {
    private final List<Sketch> sketches;

    private Picture(List<Sketch> sketches) {
        this.sketches = List.copyOf(sketches);
    }

    /// The picture of a graph.
    public static Picture of(Graph g) {
        return new Picture(GraphSketch.of(g));
    }

    /// The picture of a dynamic graph: of all that the gradient of a tensor flows back through, from the leaves, which
    /// stand at the top, to the tensor.
    ///
    /// @param names names for leaves; those without one are shown with their shape
    /// @throws IllegalArgumentException if the tensor has no history
    public static Picture ofHistory(Tensor root, Map<String, ? extends Tensor> names) {
        return new Picture(List.of(HistorySketch.of(root, names)));
    }

    /// The picture of a dynamic graph whose leaves have no names.
    public static Picture ofHistory(Tensor root) {
        return ofHistory(root, Map.of());
    }

    /// The graph in the language of Graphviz.
    public String toDot() {
        return Dot.of(sketches);
    }

    /// The picture as an SVG document. Hovering over a box shows where it comes from.
    public String toSvg() {
        return Svg.of(sketches);
    }

    /// Writes the picture as SVG.
    ///
    /// @throws IOException if it cannot be written; what was there before is then unchanged
    public void writeSvg(Path file) throws IOException {
        write(file, toSvg().getBytes(StandardCharsets.UTF_8));
    }

    /// Writes the picture as PNG.
    ///
    /// @param scale dots for each point; 2 is sharp on most screens. Reduced where the picture would have more than
    ///     120 million dots
    /// @throws IOException if it cannot be written; what was there before is then unchanged
    /// @throws IllegalStateException if the JDK's module `java.desktop`, which draws it, is not there
    public void writePng(Path file, double scale) throws IOException {
        if (!(scale > 0)) {
            throw new IllegalArgumentException("a picture of scale " + scale + ": expected a positive number");
        }
        byte[] bytes;
        try {
            bytes = Png.of(sketches, scale);
        } catch (NoClassDefFoundError e) {
            throw new IllegalStateException("PNG pictures need the module java.desktop: add --add-modules java.desktop,"
                    + " or write SVG", e);
        }
        write(file, bytes);
    }

    private static void write(Path file, byte[] bytes) throws IOException {
        Path whole = file.toAbsolutePath();
        Path part = whole.resolveSibling(whole.getFileName() + "." + Long.toHexString(System.nanoTime()) + ".tmp");
        try {
            Files.write(part, bytes);
            Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
