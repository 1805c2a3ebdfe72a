package dev.tenon.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The text of a tensor, as NumPy prints arrays: columns aligned, at most four digits after the point, an exponent
/// where
/// magnitudes are far apart, the middle of long axes left out.
final class TensorText {
    private static final int THRESHOLD = 1000;
    private static final int EDGE = 3;
    private static final int WIDTH = 88;

    private TensorText() {}

    static String of(Tensor x) {
        try (Context.Mode _ = Context.noGrad()) {
            boolean shortened = x.elements() > THRESHOLD;
            List<String> cells = new ArrayList<>();
            List<Object> values = new ArrayList<>();
            collect(x.detach(), shortened, values);
            format(values, x.dtype(), cells);
            int width = cells.stream().mapToInt(String::length).max().orElse(0);
            StringBuilder s = new StringBuilder("tensor(");
            write(x, 0, shortened, cells, new int[1], width, s, "tensor(".length());
            if (x.elements() == 0 && x.rank() > 1) {
                s.append(", shape=").append(x.shape());
            }
            if (x.dtype() != DType.F32 && x.dtype() != DType.I64 && x.dtype() != DType.BOOL) {
                s.append(", ").append(x.dtype());
            }
            if (!x.device().type().equals("cpu")) {
                s.append(", ").append(x.device());
            }
            if (!x.isLeaf()) {
                s.append(", op=").append(x.gradState().node() == null ? "?" : x.gradState().node().name());
            } else if (x.requiresGrad()) {
                s.append(", requiresGrad");
            }
            return s.append(')').toString();
        }
    }

    private static void collect(Tensor x, boolean shortened, List<Object> out) {
        if (x.rank() == 0) {
            out.add(x.dtype().isFloating() ? (Object) x.item() : (Object) x.itemLong());
        } else if (x.rank() == 1 && !(shortened && x.size(0) > 2 * EDGE)) {
            if (x.dtype().isFloating()) {
                for (double d : x.toDoubleArray()) {
                    out.add(d);
                }
            } else {
                for (long l : x.toLongArray()) {
                    out.add(l);
                }
            }
        } else {
            for (long i = 0; i < x.size(0); i++) {
                if (shortened && x.size(0) > 2 * EDGE && i == EDGE) {
                    i = x.size(0) - EDGE;
                }
                collect(x.select(0, i), shortened, out);
            }
        }
    }

    private static void format(List<Object> values, DType dtype, List<String> cells) {
        if (dtype == DType.BOOL) {
            values.forEach(v -> cells.add((Long) v != 0 ? "true" : "false"));
            return;
        }
        if (!dtype.isFloating()) {
            values.forEach(v -> cells.add(v.toString()));
            return;
        }
        double max = 0;
        double min = Double.MAX_VALUE;
        boolean whole = true;
        for (Object v : values) {
            double d = Math.abs((Double) v);
            if (Double.isFinite(d)) {
                whole &= d == Math.rint(d);
                max = Math.max(max, d);
                min = d == 0 ? min : Math.min(min, d);
            }
        }
        boolean scientific = max >= 1e8 || min != Double.MAX_VALUE && (min < 1e-4 || max / min > 1000 && !whole);
        for (Object v : values) {
            double d = (Double) v;
            if (!Double.isFinite(d)) {
                cells.add(Double.isNaN(d) ? "nan" : d > 0 ? "inf" : "-inf");
            } else if (scientific) {
                cells.add(String.format(Locale.ROOT, "%.4e", d));
            } else if (whole) {
                cells.add(String.format(Locale.ROOT, "%.0f.", d));
            } else {
                cells.add(String.format(Locale.ROOT, "%.4f", d));
            }
        }
    }

    private static void write(
            Tensor x, int axis, boolean shortened, List<String> cells, int[] next, int width, StringBuilder s,
                    int indent) {
        if (axis == x.rank()) {
            s.append(x.rank() == 0 ? cells.get(next[0]++) : " ".repeat(width - cells.get(next[0]).length())
                    + cells.get(next[0]++));
            return;
        }
        boolean last = axis == x.rank() - 1;
        long n = x.shape().dim(axis);
        s.append('[');
        int column = indent + 1;
        for (long i = 0; i < n; i++) {
            if (i > 0) {
                if (last) {
                    s.append(column + 2 * width + 2 > WIDTH ? ",\n" + " ".repeat(indent + 1) : ", ");
                    column = column + 2 * width + 2 > WIDTH ? indent + 1 : column + width + 2;
                } else {
                    s.append(",\n".concat("\n".repeat(x.rank() - axis - 2))).append(" ".repeat(indent + 1));
                }
            }
            if (shortened && n > 2 * EDGE && i == EDGE) {
                s.append("...").append(last ? ", " : ",\n" + " ".repeat(indent + 1));
                i = n - EDGE;
                column += 5;
            }
            write(x, axis + 1, shortened, cells, next, width, s, indent + 1);
        }
        s.append(']');
    }
}
