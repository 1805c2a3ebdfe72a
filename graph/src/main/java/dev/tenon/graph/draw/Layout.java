package dev.tenon.graph.draw;

import dev.tenon.graph.draw.Sketch.Arrow;
import dev.tenon.graph.draw.Sketch.Box;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// Places boxes in layers from top to bottom, so that arrows point down, cross rarely and run straight.
///
/// Source: Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981:
/// longest paths give the layers, arrows across several layers get a bend in each, layers are ordered by the means of
/// their neighbours. Places within a layer then minimise the squared distances to the means of the neighbours, which
/// under the order and the widths of the boxes is an isotonic regression.
final class Layout {
    static final double FONT = 11;
    static final double LINE = 14;
    static final double PAD = 7;
    private static final double GAP_X = 26;
    private static final double GAP_Y = 40;
    private static final double BEND_WIDTH = 8;
    private static final int SWEEPS = 24;

    /// A box or a bend with its place: the middle of its top.
    private static final class Spot {
        final int box;
        final double width;
        final double height;
        final List<Spot> up = new ArrayList<>();
        final List<Spot> down = new ArrayList<>();
        int layer;
        int order;
        int best;
        double x;
        double y;

        Spot(int box, double width, double height) {
            this.box = box;
            this.width = width;
            this.height = height;
        }

        boolean isBend() {
            return box < 0;
        }
    }

    /// The way of an arrow: points from the bottom of one box to the top of another, in pairs of x and y.
    record Route(Arrow arrow, double[] points) {}

    private final Sketch sketch;
    private final List<Spot> spots = new ArrayList<>();
    private final List<List<Spot>> layers = new ArrayList<>();
    private final List<List<Spot>> chains = new ArrayList<>();

    private Layout(Sketch sketch) {
        this.sketch = sketch;
    }

    static Layout of(Sketch s) {
        Layout l = new Layout(s);
        l.layer();
        l.bends();
        l.order();
        l.place();
        return l;
    }

    static double textWidth(String s, double size) {
        double w = 0;
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            w += "iljt.,:;|!()[]'f ".indexOf(c) >= 0 ? 0.36 : "mwMW%@".indexOf(c) >= 0 ? 0.9 : 0.62;
        }
        return w * size;
    }

    // --- layers

    private void layer() {
        for (int b = 0; b < sketch.boxes().size(); b++) {
            Box box = sketch.boxes().get(b);
            double w = 40;
            for (int i = 0; i < box.lines().size(); i++) {
                w = Math.max(w, textWidth(box.lines().get(i), i == 0 ? 1.1 * (FONT + 1) : FONT - 1.5));
            }
            spots.add(new Spot(b, w + 2 * PAD, box.lines().size() * LINE + 2 * PAD - 4));
        }
        // Boxes come in an order in which every arrow points forward.
        for (Arrow a : sketch.arrows()) {
            Spot to = spots.get(a.to());
            to.layer = Math.max(to.layer, spots.get(a.from()).layer + 1);
        }
        // Then as far down as their users allow, so that arrows are short; boxes that nobody feeds move with them.
        for (int b = spots.size() - 1; b >= 0; b--) {
            int box = b;
            boolean fed = sketch.arrows().stream().anyMatch(a -> a.to() == box);
            int lowest = sketch.arrows().stream().filter(a -> a.from() == box)
                    .mapToInt(a -> spots.get(a.to()).layer - 1).min().orElse(spots.get(b).layer);
            if (!fed) {
                spots.get(b).layer = Math.max(spots.get(b).layer, lowest);
            }
        }
        int most = spots.stream().mapToInt(s -> s.layer).max().orElse(-1);
        for (int i = 0; i <= most; i++) {
            layers.add(new ArrayList<>());
        }
        spots.forEach(s -> layers.get(s.layer).add(s));
    }

    private void bends() {
        for (Arrow a : sketch.arrows()) {
            Spot from = spots.get(a.from());
            Spot to = spots.get(a.to());
            List<Spot> chain = new ArrayList<>(List.of(from));
            for (int l = from.layer + 1; l < to.layer; l++) {
                Spot bend = new Spot(-1, BEND_WIDTH, 0);
                bend.layer = l;
                layers.get(l).add(bend);
                chain.add(bend);
            }
            chain.add(to);
            for (int i = 1; i < chain.size(); i++) {
                chain.get(i - 1).down.add(chain.get(i));
                chain.get(i).up.add(chain.get(i - 1));
            }
            chains.add(chain);
        }
    }

    // --- order

    private void order() {
        layers.forEach(Layout::number);
        long best = crossings();
        spots().forEach(s -> s.best = s.order);
        for (int sweep = 0; sweep < SWEEPS && best > 0; sweep++) {
            boolean down = sweep % 2 == 0;
            for (int i = 0; i < layers.size(); i++) {
                List<Spot> layer = layers.get(down ? i : layers.size() - 1 - i);
                layer.sort(Comparator.comparingDouble(s -> mean(down ? s.up : s.down, s)));
                number(layer);
            }
            long now = crossings();
            if (now < best) {
                best = now;
                spots().forEach(s -> s.best = s.order);
            }
        }
        layers.forEach(l -> l.sort(Comparator.comparingInt(s -> s.best)));
    }

    private static double mean(List<Spot> neighbours, Spot s) {
        return neighbours.stream().mapToInt(n -> n.order).average().orElse(s.order);
    }

    private static void number(List<Spot> layer) {
        for (int i = 0; i < layer.size(); i++) {
            layer.get(i).order = i;
        }
    }

    private long crossings() {
        long n = 0;
        for (List<Spot> layer : layers) {
            List<int[]> arrows = new ArrayList<>();
            layer.forEach(s -> s.down.forEach(d -> arrows.add(new int[] {s.order, d.order})));
            for (int i = 0; i < arrows.size(); i++) {
                for (int j = 0; j < i; j++) {
                    int a = Integer.signum(arrows.get(i)[0] - arrows.get(j)[0]);
                    n += a * Integer.signum(arrows.get(i)[1] - arrows.get(j)[1]) < 0 ? 1 : 0;
                }
            }
        }
        return n;
    }

    // --- places

    private void place() {
        double y = 0;
        for (List<Spot> layer : layers) {
            double x = 0;
            double height = 0;
            for (Spot s : layer) {
                s.x = x + s.width / 2;
                x += s.width + GAP_X;
                s.y = y;
                height = Math.max(height, s.height);
            }
            y += height + GAP_Y;
        }
        for (int sweep = 0; sweep <= SWEEPS; sweep++) {
            boolean down = sweep % 2 == 0;
            for (int i = 0; i < layers.size(); i++) {
                align(layers.get(down ? i : layers.size() - 1 - i), down);
            }
        }
        double left = spots().mapToDouble(s -> s.x - s.width / 2).min().orElse(0);
        spots().forEach(s -> s.x -= left);
    }

    private Stream<Spot> spots() {
        return layers.stream().flatMap(List::stream);
    }

    /// Moves the spots of a layer as near to the means of their neighbours as their widths allow.
    private static void align(List<Spot> layer, boolean down) {
        int n = layer.size();
        double[] value = new double[n];
        double[] weight = new double[n];
        int[] size = new int[n];
        double[] offset = new double[n];
        int blocks = 0;
        for (int i = 0; i < n; i++) {
            Spot s = layer.get(i);
            if (i > 0) {
                Spot before = layer.get(i - 1);
                offset[i] = offset[i - 1] + (before.width + s.width) / 2 + GAP_X;
            }
            List<Spot> near = down ? s.up : s.down;
            double want = near.stream().mapToDouble(t -> t.x).average().orElse(s.x);
            value[blocks] = want - offset[i];
            // Long arrows stay straight.
            weight[blocks] = near.isEmpty() ? 0.01 : s.isBend() ? 4 : 1;
            size[blocks++] = 1;
            while (blocks > 1 && value[blocks - 2] > value[blocks - 1]) {
                double w = weight[blocks - 2] + weight[blocks - 1];
                value[blocks - 2] = (value[blocks - 2] * weight[blocks - 2] + value[blocks - 1] * weight[blocks - 1])
                        / w;
                weight[blocks - 2] = w;
                size[blocks - 2] += size[--blocks];
            }
        }
        int i = 0;
        for (int b = 0; b < blocks; b++) {
            for (int k = 0; k < size[b]; k++, i++) {
                layer.get(i).x = value[b] + offset[i];
            }
        }
    }

    // --- results

    /// The left edge, the top, the width and the height of a box.
    double[] box(int b) {
        Spot s = spots.get(b);
        return new double[] {s.x - s.width / 2, s.y, s.width, s.height};
    }

    double width() {
        double boxes = spots().mapToDouble(s -> s.x + s.width / 2).max().orElse(0);
        double labels = 0;
        for (Route r : routes()) {
            labels = Math.max(labels, r.points[0] + 5 + textWidth(r.arrow.label(), FONT - 2));
        }
        return Math.max(boxes, labels);
    }

    double height() {
        return spots().mapToDouble(s -> s.y + s.height).max().orElse(0);
    }

    /// The ways of the arrows. Those at one side of a box are spread over it in the order of where they go.
    List<Route> routes() {
        List<Route> all = new ArrayList<>();
        for (int i = 0; i < chains.size(); i++) {
            List<Spot> chain = chains.get(i);
            List<Double> p = new ArrayList<>();
            Spot from = chain.getFirst();
            Spot to = chain.getLast();
            p.addAll(List.of(from.x + port(i, true), from.y + from.height));
            for (Spot bend : chain.subList(1, chain.size() - 1)) {
                double tall = layers.get(bend.layer).stream().mapToDouble(s -> s.height).max().orElse(0);
                p.addAll(List.of(bend.x, bend.y, bend.x, bend.y + tall));
            }
            p.addAll(List.of(to.x + port(i, false), to.y));
            all.add(new Route(sketch.arrows().get(i), p.stream().mapToDouble(d -> d).toArray()));
        }
        return all;
    }

    private double port(int chain, boolean out) {
        Spot end = out ? chains.get(chain).getFirst() : chains.get(chain).getLast();
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < chains.size(); i++) {
            if ((out ? chains.get(i).getFirst() : chains.get(i).getLast()) == end) {
                all.add(i);
            }
        }
        all.sort(Comparator.comparingDouble(i -> {
            List<Spot> c = chains.get(i);
            return (out ? c.get(1) : c.get(c.size() - 2)).x;
        }));
        double step = Math.min(16, end.width / (all.size() + 1));
        return (all.indexOf(chain) - (all.size() - 1) / 2.0) * step;
    }

}
