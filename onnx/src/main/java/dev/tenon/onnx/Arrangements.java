package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Index;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Operators that move elements: joining, cutting, padding.
final class Arrangements {
    private Arrangements() {}

    static void register(Operators r) {
        r.add("Concat", 1, c -> {
            List<Tensor> all = c.all();
            int axis = Call.axis(c.attr("axis", c.since(4) ? 0 : 1), all.getFirst().rank());
            return List.of(c.like(0, join(axis, all)));
        });
        r.add("Split", 1, Arrangements::split);
        r.same("Slice", 1, Arrangements::slice);
        r.same("Pad", 1, Arrangements::pad);
        r.same("DepthToSpace", 1, c -> depthToSpace(c.x(0), c.attr("blocksize", 0), c.attr("mode", "DCR")));
        r.same("SpaceToDepth", 1, c -> spaceToDepth(c.x(0), c.attr("blocksize", 0), c.attr("mode", "DCR")));
        r.same("CenterCropPad", 18, Arrangements::centerCropPad);
        r.same("ReverseSequence", 10, Arrangements::reverseSequence);
        r.same("Col2Im", 18, Arrangements::col2im);
    }

    /// Tensors one after the other; unlike PyTorch's, ONNX's empty vectors have a shape like others.
    static Tensor join(int axis, List<Tensor> parts) {
        List<Tensor> used = parts.stream().filter(p -> p.size(axis) > 0).toList();
        return used.isEmpty() ? parts.getFirst() : Tensors.cat(axis, used);
    }

    private static List<OnnxValue> split(Call c) {
        Tensor x = c.x(0);
        int axis = c.axis("axis", 0, x.rank());
        long[] sizes = c.since(13) || !c.since(2) ? c.has(1) ? c.longs(1) : null : c.integers("split");
        sizes = sizes == null ? c.integers("split") : sizes;
        if (sizes == null) {
            int n = (int) c.attr("num_outputs", c.outputs());
            long chunk = Math.ceilDiv(x.size(axis), Math.max(1, n));
            sizes = new long[n];
            long left = x.size(axis);
            for (int i = 0; i < n; i++) {
                sizes[i] = Math.min(chunk, left);
                left -= sizes[i];
            }
        }
        if (Arrays.stream(sizes).sum() != x.size(axis)) {
            throw new IllegalArgumentException("split " + Arrays.toString(sizes) + " of extent " + x.size(axis)
                    + " along axis " + axis + ": expected parts that add up to it");
        }
        return x.split(sizes, axis).stream().map(t -> c.like(0, t)).toList();
    }

    private static Tensor slice(Call c) {
        Tensor x = c.x(0);
        boolean inputs = c.since(10);
        long[] starts = inputs ? c.longs(1) : c.integers("starts", new long[0]);
        long[] ends = inputs ? c.longs(2) : c.integers("ends", new long[0]);
        long[] axes = inputs ? c.has(3) ? c.longs(3) : null : c.integers("axes");
        long[] steps = inputs && c.has(4) ? c.longs(4) : null;
        boolean fits = ends.length == starts.length && (axes == null || axes.length == starts.length)
                && (steps == null || steps.length == starts.length);
        if (!fits) {
            throw new IllegalArgumentException("starts, ends, axes and steps differ in length");
        }
        Tensor t = x;
        for (int i = 0; i < starts.length; i++) {
            int axis = Call.axis(axes == null ? i : axes[i], x.rank());
            long n = x.size(axis);
            long step = steps == null ? 1 : steps[i];
            if (step == 0) {
                throw new IllegalArgumentException("a slice by steps of 0");
            }
            long start = starts[i] < 0 ? starts[i] + n : starts[i];
            long end = ends[i] < 0 ? ends[i] + n : ends[i];
            start = Math.clamp(start, 0, step > 0 ? n : n - 1);
            end = Math.clamp(end, step > 0 ? 0 : -1, n);
            long count = Math.max(0, Math.ceilDiv(end - start, step));
            if (n == 0 || count == 0) {
                t = t.narrow(axis, 0, 0);
                continue;
            }
            long last = start + (count - 1) * step;
            Index[] parts = new Index[axis + 1];
            Arrays.fill(parts, Index.all());
            if (step > 0) {
                parts[axis] = Index.range(start, last + 1, step);
                t = t.get(parts);
            } else {
                parts[axis] = Index.range(last, start + 1, -step);
                t = t.get(parts).flip(axis);
            }
        }
        return t;
    }

    // --- padding

    private static Tensor pad(Call c) {
        Tensor x = c.x(0);
        String mode = c.attr("mode", "constant");
        long[] pads = c.since(11) ? c.longs(1) : c.integers(c.since(2) ? "pads" : "paddings", new long[0]);
        long[] axes = c.has(3) ? c.longs(3) : IntStream.range(0, x.rank()).mapToLong(i -> i).toArray();
        if (pads.length != 2 * axes.length) {
            throw new IllegalArgumentException("pads " + Arrays.toString(pads) + " for " + axes.length
                    + " axes: expected two numbers for each");
        }
        long[] low = new long[x.rank()];
        long[] high = new long[x.rank()];
        for (int i = 0; i < axes.length; i++) {
            low[Call.axis(axes[i], x.rank())] = pads[i];
            high[Call.axis(axes[i], x.rank())] = pads[i + axes.length];
        }
        if (mode.equals("constant")) {
            Tensor value = c.since(11) ? c.optional(2) : null;
            return constantPad(x, low, high, value == null ? c.full(Shape.SCALAR, c.attr("value", 0.0), x.dtype())
                    : value.reshape(Shape.SCALAR));
        }
        Tensor t = x;
        for (int a = 0; a < x.rank(); a++) {
            if (low[a] != 0 || high[a] != 0) {
                t = t.indexSelect(a, c.vector(positions(mode, x.size(a), low[a], high[a])));
            }
        }
        return t;
    }

    static Tensor constantPad(Tensor x, long[] low, long[] high, Tensor value) {
        Tensor t = x;
        Shape to = x.shape();
        boolean grows = false;
        for (int a = 0; a < x.rank(); a++) {
            long from = Math.max(0, -low[a]);
            long until = x.size(a) - Math.max(0, -high[a]);
            t = t.narrow(a, Math.min(from, x.size(a)), Math.max(0, until - from));
            to = to.with(a, Math.max(0, x.size(a) + low[a] + high[a]));
            grows |= low[a] > 0 || high[a] > 0;
        }
        if (!grows) {
            return t;
        }
        Tensor out = t;
        for (int a = 0; a < x.rank(); a++) {
            List<Tensor> parts = new ArrayList<>();
            if (low[a] > 0) {
                parts.add(value.expand(out.shape().with(a, low[a])));
            }
            parts.add(out);
            if (high[a] > 0) {
                parts.add(value.expand(out.shape().with(a, high[a])));
            }
            out = parts.size() == 1 ? out : join(a, parts);
        }
        return out.reshape(to);
    }

    /// Where each element of a padded axis comes from.
    private static long[] positions(String mode, long n, long low, long high) {
        long count = Math.max(0, low + n + high);
        if (n == 0 && count > 0) {
            throw new IllegalArgumentException("an empty axis cannot be padded with its own elements");
        }
        long[] at = new long[(int) count];
        for (int i = 0; i < at.length; i++) {
            long p = i - low;
            at[i] = switch (mode) {
                case "edge" -> Math.clamp(p, 0, n - 1);
                case "wrap" -> Math.floorMod(p, n);
                case "reflect" -> {
                    long period = Math.max(1, 2 * (n - 1));
                    long r = Math.floorMod(p, period);
                    yield n == 1 ? 0 : r < n ? r : period - r;
                }
                default -> throw new IllegalArgumentException("mode \"" + mode
                        + "\": expected constant, reflect, edge or wrap");
            };
        }
        return at;
    }

    private static Tensor centerCropPad(Call c) {
        Tensor x = c.x(0);
        long[] target = c.longs(1);
        long[] axes = c.integers("axes", IntStream.range(0, x.rank()).mapToLong(i -> i).toArray());
        long[] low = new long[x.rank()];
        long[] high = new long[x.rank()];
        for (int i = 0; i < axes.length; i++) {
            int a = Call.axis(axes[i], x.rank());
            long d = target[i] - x.size(a);
            low[a] = d / 2;
            high[a] = d - low[a];
        }
        return constantPad(x, low, high, c.full(Shape.SCALAR, 0, x.dtype()));
    }

    // --- blocks

    private static long block(Tensor x, long b) {
        if (x.rank() != 4 || b < 1) {
            throw new IllegalArgumentException("input " + x.shape() + ", blocksize " + b
                    + ": expected [n, c, height, width] and at least 1");
        }
        return b;
    }

    private static Tensor depthToSpace(Tensor x, long size, String mode) {
        long b = block(x, size);
        long n = x.size(0);
        long c = x.size(1) / (b * b);
        long h = x.size(2);
        long w = x.size(3);
        Tensor t = mode.equals("CRD") ? x.reshape(n, c, b, b, h, w).permute(0, 1, 4, 2, 5, 3)
                : x.reshape(n, b, b, c, h, w).permute(0, 3, 4, 1, 5, 2);
        return t.reshape(n, c, h * b, w * b);
    }

    private static Tensor spaceToDepth(Tensor x, long size, String mode) {
        long b = block(x, size);
        long n = x.size(0);
        long c = x.size(1);
        long h = x.size(2) / b;
        long w = x.size(3) / b;
        Tensor t = x.reshape(n, c, h, b, w, b);
        return (mode.equals("CRD") ? t.permute(0, 1, 3, 5, 2, 4) : t.permute(0, 3, 5, 1, 2, 4))
                .reshape(n, c * b * b, h, w);
    }

    private static Tensor reverseSequence(Call c) {
        Tensor x = c.x(0);
        int batch = c.axis("batch_axis", 1, x.rank());
        int time = c.axis("time_axis", 0, x.rank());
        if (batch == time) {
            throw new IllegalArgumentException("batch_axis and time_axis are both " + batch);
        }
        return reversed(x, batch, time, c.x(1));
    }

    /// The first `lengths[b]` elements along the time axis reversed, for each element b of the batch.
    static Tensor reversed(Tensor x, int batch, int time, Tensor lengths) {
        long[] dims = new long[x.rank()];
        Arrays.fill(dims, 1);
        dims[batch] = x.size(batch);
        Tensor n = lengths.to(DType.I64).reshape(dims);
        dims[batch] = 1;
        dims[time] = x.size(time);
        Tensor t = Tensors.arange(0, x.size(time), 1, DType.I64, x.device()).reshape(dims);
        Tensor at = n.sub(1).sub(t).where(t.lt(n), t);
        return x.gather(time, at.expand(x.shape()));
    }

    // --- columns to image

    /// Adds up blocks where they overlap: what windows of an image become when each element is added back to its place.
    private static Tensor col2im(Call c) {
        long[] image = c.longs(1);
        long[] block = c.longs(2);
        int s = image.length;
        long[] ones = new long[s];
        Arrays.fill(ones, 1);
        long[] dilations = c.integers("dilations", ones);
        long[] strides = c.integers("strides", ones);
        long[] pads = c.integers("pads", new long[2 * s]);
        Tensor x = c.x(0);
        long n = x.size(0);
        long positions = Arrays.stream(block).reduce(1, (a, b) -> a * b);
        long channels = x.size(1) / positions;
        long[] padded = new long[s];
        long[] windows = new long[s];
        for (int i = 0; i < s; i++) {
            padded[i] = image[i] + pads[i] + pads[i + s];
            windows[i] = (padded[i] - dilations[i] * (block[i] - 1) - 1) / strides[i] + 1;
        }
        Shape places = Shape.of(block).concat(Shape.of(windows));
        long[] at = new long[(int) places.elements()];
        long[] counter = new long[2 * s];
        for (int k = 0; k < at.length; k++) {
            long p = 0;
            for (int i = 0; i < s; i++) {
                p = p * padded[i] + counter[i] * dilations[i] + counter[s + i] * strides[i];
            }
            at[k] = p;
            for (int i = 2 * s - 1; i >= 0 && ++counter[i] == places.dim(i); i--) {
                counter[i] = 0;
            }
        }
        Tensor flat = x.reshape(n, channels, at.length);
        Tensor sum = c.full(Shape.of(n, channels, Arrays.stream(padded).reduce(1, (a, b) -> a * b)), 0, x.dtype())
                .indexAdd(2, c.vector(at), flat);
        Tensor out = sum.reshape(Shape.of(n, channels).concat(Shape.of(padded)));
        for (int i = 0; i < s; i++) {
            out = out.narrow(2 + i, pads[i], image[i]);
        }
        return out;
    }
}
