package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Regions of images, and the choice among boxes. The geometry is on the host, the elements stay on the device.
final class Boxes {
    private Boxes() {}

    static void register(Operators r) {
        r.plain("NonMaxSuppression", 10, Boxes::nonMaxSuppression);
        r.same("RoiAlign", 10, Boxes::roiAlign);
        r.same("MaxRoiPool", 1, Boxes::maxRoiPool);
    }

    // --- non-maximum suppression

    private static Tensor nonMaxSuppression(Call c) {
        long most = c.has(2) ? c.integer(2) : 0;
        double overlap = c.has(3) ? c.number(3) : 0;
        double least = c.has(4) ? c.number(4) : Double.NEGATIVE_INFINITY;
        boolean centred = c.attr("center_point_box", 0) == 1;
        double[] boxes = c.x(0).detach().toDoubleArray();
        double[] scores = c.x(1).detach().toDoubleArray();
        int batch = (int) c.x(1).size(0);
        int classes = (int) c.x(1).size(1);
        int n = (int) c.x(1).size(2);
        List<Long> chosen = new ArrayList<>();
        for (int b = 0; b < batch; b++) {
            double[][] corners = new double[n][];
            for (int i = 0; i < n; i++) {
                corners[i] = corners(boxes, (b * n + i) * 4, centred);
            }
            for (int k = 0; k < classes; k++) {
                int offset = (b * classes + k) * n;
                List<Integer> kept = new ArrayList<>();
                List<Integer> order = IntStream.range(0, n).boxed().filter(i -> scores[offset + i] > least)
                        .sorted(Comparator.comparingDouble(i -> -scores[offset + i])).toList();
                for (int i : order) {
                    if (kept.size() < most && kept.stream().noneMatch(j -> common(corners[i], corners[j]) > overlap)) {
                        kept.add(i);
                        chosen.addAll(List.of((long) b, (long) k, (long) i));
                    }
                }
            }
        }
        long[] flat = chosen.stream().mapToLong(Long::longValue).toArray();
        return Tensors.of(flat, Shape.of(flat.length / 3, 3), c.device());
    }

    /// Lower and upper edge along both axes.
    private static double[] corners(double[] b, int at, boolean centred) {
        if (centred) {
            return new double[] {b[at] - b[at + 2] / 2, b[at + 1] - b[at + 3] / 2, b[at] + b[at + 2] / 2,
                b[at + 1] + b[at + 3] / 2};
        }
        return new double[] {Math.min(b[at], b[at + 2]), Math.min(b[at + 1], b[at + 3]), Math.max(b[at], b[at + 2]),
            Math.max(b[at + 1], b[at + 3])};
    }

    /// The area that two boxes share, of the area that both cover.
    private static double common(double[] a, double[] b) {
        double w = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
        double h = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
        double shared = w <= 0 || h <= 0 ? 0 : w * h;
        double all = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared;
        return all <= 0 ? 0 : shared / all;
    }

    // --- regions

    /// The sample points along one axis of a region: the two neighbours of each, and their weights.
    private record Taps(long[] low, long[] high, double[] lowWeight, double[] highWeight) {
        static Taps of(double start, double bin, int bins, int samples, int n) {
            int count = bins * samples;
            Taps t = new Taps(new long[count], new long[count], new double[count], new double[count]);
            for (int i = 0; i < count; i++) {
                double p = start + i / samples * bin + (i % samples + 0.5) * bin / samples;
                if (p < -1 || p > n) {
                    continue;
                }
                double q = Math.max(p, 0);
                int floor = (int) q;
                if (floor >= n - 1) {
                    t.low[i] = n - 1;
                    t.high[i] = n - 1;
                    t.lowWeight[i] = 1;
                } else {
                    t.low[i] = floor;
                    t.high[i] = floor + 1;
                    t.highWeight[i] = q - floor;
                    t.lowWeight[i] = 1 - t.highWeight[i];
                }
            }
            return t;
        }
    }

    private static Tensor roiAlign(Call c) {
        Tensor x = c.x(0);
        double[] rois = c.x(1).detach().toDoubleArray();
        long[] batch = c.longs(2);
        int oh = (int) c.attr("output_height", 1);
        int ow = (int) c.attr("output_width", 1);
        boolean max = c.attr("mode", "avg").equals("max");
        double scale = c.attr("spatial_scale", 1.0);
        int ratio = (int) c.attr("sampling_ratio", 0);
        boolean half = c.since(16) && c.attr("coordinate_transformation_mode", "half_pixel").equals("half_pixel");
        List<Tensor> out = new ArrayList<>();
        for (int i = 0; i < batch.length; i++) {
            double shift = half ? 0.5 : 0;
            double left = rois[i * 4] * scale - shift;
            double top = rois[i * 4 + 1] * scale - shift;
            double w = rois[i * 4 + 2] * scale - shift - left;
            double h = rois[i * 4 + 3] * scale - shift - top;
            if (!half) {
                w = Math.max(w, 1);
                h = Math.max(h, 1);
            }
            int gh = Math.max(1, ratio > 0 ? ratio : (int) Math.ceil(h / oh));
            int gw = Math.max(1, ratio > 0 ? ratio : (int) Math.ceil(w / ow));
            Taps rows = Taps.of(top, h / oh, oh, gh, (int) x.size(2));
            Taps columns = Taps.of(left, w / ow, ow, gw, (int) x.size(3));
            Tensor image = x.select(0, batch[i]);
            Tensor all = null;
            for (int corner = 0; corner < 4; corner++) {
                boolean lower = corner / 2 == 0;
                boolean lefter = corner % 2 == 0;
                Tensor wy = weights(c, lower ? rows.lowWeight : rows.highWeight, x.dtype()).unsqueeze(1);
                Tensor wx = weights(c, lefter ? columns.lowWeight : columns.highWeight, x.dtype());
                Tensor v = image.indexSelect(1, c.vector(lower ? rows.low : rows.high))
                        .indexSelect(2, c.vector(lefter ? columns.low : columns.high)).mul(wy.mul(wx));
                // ONNX defines the maximum over the weighted neighbours, not over the interpolated points.
                all = all == null ? v : max ? all.maximum(v) : all.add(v);
            }
            if (all == null) {
                throw new IllegalStateException("no corners");
            }
            Tensor bins = all.reshape(x.size(1), oh, gh, ow, gw);
            out.add(max ? bins.amax(new int[] {2, 4}, false) : bins.mean(new int[] {2, 4}, false));
        }
        return out.isEmpty() ? c.full(Shape.of(0, x.size(1), oh, ow), 0, x.dtype()) : Tensors.stack(0, out);
    }

    private static Tensor weights(Call c, double[] w, DType dtype) {
        return Tensors.of(Constants.floats(w), Shape.of(w.length), c.device()).to(dtype);
    }

    private static Tensor maxRoiPool(Call c) {
        Tensor x = c.x(0);
        double[] rois = c.x(1).detach().toDoubleArray();
        long[] pooled = c.integers("pooled_shape", new long[] {1, 1});
        double scale = c.attr("spatial_scale", 1.0);
        List<Tensor> out = new ArrayList<>();
        for (int i = 0; i < rois.length / 5; i++) {
            long left = Math.round(rois[i * 5 + 1] * scale);
            long top = Math.round(rois[i * 5 + 2] * scale);
            long w = Math.max(1, Math.round(rois[i * 5 + 3] * scale) - left + 1);
            long h = Math.max(1, Math.round(rois[i * 5 + 4] * scale) - top + 1);
            Tensor image = x.select(0, (long) rois[i * 5]);
            List<Tensor> cells = new ArrayList<>();
            for (int p = 0; p < pooled[0] * pooled[1]; p++) {
                long row = p / pooled[1];
                long column = p % pooled[1];
                long y0 = bound(top + Math.floor(row * h / (double) pooled[0]), x.size(2));
                long y1 = bound(top + Math.ceil((row + 1) * h / (double) pooled[0]), x.size(2));
                long x0 = bound(left + Math.floor(column * w / (double) pooled[1]), x.size(3));
                long x1 = bound(left + Math.ceil((column + 1) * w / (double) pooled[1]), x.size(3));
                boolean empty = y1 <= y0 || x1 <= x0;
                cells.add(empty ? c.full(Shape.of(x.size(1)), 0, x.dtype())
                        : image.narrow(1, y0, y1 - y0).narrow(2, x0, x1 - x0).amax(new int[] {1, 2}, false));
            }
            out.add(Tensors.stack(1, cells).reshape(x.size(1), pooled[0], pooled[1]));
        }
        return out.isEmpty() ? c.full(Shape.of(0, x.size(1), pooled[0], pooled[1]), 0, x.dtype())
                : Tensors.stack(0, out);
    }

    private static long bound(double p, long n) {
        return Math.clamp((long) p, 0, n);
    }
}
