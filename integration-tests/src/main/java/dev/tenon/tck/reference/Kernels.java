package dev.tenon.tck.reference;

import dev.tenon.api.Shape;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.SortOp;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.LongStream;

/// One plain loop for each family of primitives.
final class Kernels {
    private Kernels() {}

    static void map(MapOp op, List<Array> in, List<Array> out, Scalars scalars) {
        Array y = out.getFirst();
        List<Array> x = in.stream().map(a -> a.broadcastTo(y.shape())).toList();
        Evaluator evaluator = new Evaluator(op.body(), x, y.shape(), scalars);
        Array.forEach(y.shape(), index -> evaluator.store(index, y));
    }

    static void copy(Array x, Array y) {
        Array.forEach(x.shape(), index -> y.set(y.position(index), x, x.position(index)));
    }

    static void reduce(ReduceOp op, Array x, Array y) {
        Array results = op.keepDims() ? y.without(op.axes()) : y;
        Array starts = x.without(op.axes());
        List<Integer> others = new ArrayList<>();
        for (int a = 0; a < x.shape().rank(); a++) {
            if (!op.axes().contains(a)) {
                others.add(a);
            }
        }
        Array along = x.without(others);
        Array.forEach(results.shape(), index -> {
            long start = starts.position(index);
            Accumulator acc = new Accumulator(op.reducer(), x.isFloating());
            Array.forEach(along.shape(), i -> acc.add(x, start + along.position(i)));
            acc.store(results, results.position(index));
        });
    }

    static void scan(ScanOp op, Array x, List<Array> out) {
        int axis = op.axis();
        Array y = out.getFirst();
        Array.forEach(x.shape().with(axis, 1), index -> {
            Accumulator acc = new Accumulator(op.reducer(), x.isFloating());
            long[] i = index.clone();
            for (i[axis] = 0; i[axis] < x.shape().dim(axis); i[axis]++) {
                acc.add(x, x.position(i));
                acc.store(y, y.position(i));
                if (out.size() > 1) {
                    out.get(1).setLong(out.get(1).position(i), acc.last());
                }
            }
        });
    }

    static void matmul(Array a, Array b, Array y) {
        Shape batch = y.shape().slice(0, y.shape().rank() - 2);
        long inner = a.shape().dim(-1);
        Array x = a.broadcastTo(batch.concat(a.shape().slice(a.shape().rank() - 2, a.shape().rank())));
        Array w = b.broadcastTo(batch.concat(b.shape().slice(b.shape().rank() - 2, b.shape().rank())));
        int row = y.shape().rank() - 2;
        Array.forEach(y.shape(), index -> {
            long px = x.position(index, row + 1, 0);
            long pw = w.position(index, row, 0);
            if (y.isFloating()) {
                double sum = 0;
                for (long k = 0; k < inner; k++) {
                    sum += x.getDouble(px + k * x.strides()[row + 1]) * w.getDouble(pw + k * w.strides()[row]);
                }
                y.setDouble(y.position(index), sum);
            } else {
                long sum = 0;
                for (long k = 0; k < inner; k++) {
                    sum += x.getLong(px + k * x.strides()[row + 1]) * w.getLong(pw + k * w.strides()[row]);
                }
                y.setLong(y.position(index), sum);
            }
        });
    }

    static void gather(GatherOp op, Array x, Array at, Array y) {
        Array.forEach(at.shape(), index -> {
            long i = checked("gather", at.getLong(at.position(index)), op.axis(), x.shape());
            y.set(y.position(index), x, x.position(index, op.axis(), i));
        });
    }

    static void scatter(ScatterOp op, List<Array> in, Array y) {
        Array at = in.get(1);
        Array source = in.get(2);
        if (y.memory() != in.getFirst().memory() || y.byteOffset() != in.getFirst().byteOffset()) {
            copy(in.getFirst(), y);
        }
        Array.forEach(at.shape(), index -> {
            long i = checked(op.name(), at.getLong(at.position(index)), op.axis(), y.shape());
            combine(op.mode(), y, y.position(index, op.axis(), i), source, source.position(index));
        });
    }

    private static void combine(ScatterOp.Mode mode, Array y, long p, Array source, long q) {
        if (mode == ScatterOp.Mode.SET) {
            y.set(p, source, q);
        } else if (y.isFloating()) {
            double a = y.getDouble(p);
            double b = source.getDouble(q);
            y.setDouble(p, switch (mode) {
                case ADD -> a + b;
                case MUL -> a * b;
                case MAX -> Math.max(a, b);
                default -> Math.min(a, b);
            });
        } else {
            long a = y.getLong(p);
            long b = source.getLong(q);
            y.setLong(p, switch (mode) {
                case ADD -> a + b;
                case MUL -> a * b;
                case MAX -> Math.max(a, b);
                default -> Math.min(a, b);
            });
        }
    }

    private static long checked(String op, long i, int axis, Shape shape) {
        if (i < 0 || i >= shape.dim(axis)) {
            throw new TensorException(op + ": index " + i + " is out of range for axis " + axis + " of shape " + shape
                    + ": expected 0 to " + (shape.dim(axis) - 1));
        }
        return i;
    }

    static void sort(SortOp op, Array x, Array values, Array positions) {
        int axis = op.axis();
        long n = x.shape().dim(axis);
        Comparator<Long> ascending = x.isFloating()
                ? (p, q) -> compare(x.getDouble(p), x.getDouble(q))
                : Comparator.comparingLong(x::getLong);
        Comparator<Long> order = op.descending() ? ascending.reversed() : ascending;
        Array.forEach(x.shape().with(axis, Math.min(1, n)), index -> {
            long start = x.position(index, axis, 0);
            long stride = x.strides()[axis];
            List<Long> line = new ArrayList<>(LongStream.range(0, n).boxed().toList());
            line.sort((i, j) -> order.compare(start + i * stride, start + j * stride));
            for (long i = 0; i < n; i++) {
                long from = line.get((int) i);
                values.set(values.position(index, axis, i), x, start + from * stride);
                positions.setLong(positions.position(index, axis, i), from);
            }
        });
    }

    /// NaN is largest; -0 equals 0.
    private static int compare(double a, double b) {
        if (Double.isNaN(a) || Double.isNaN(b)) {
            return Boolean.compare(Double.isNaN(a), Double.isNaN(b));
        }
        return a < b ? -1 : a > b ? 1 : 0;
    }

    /// Combines values one after the other.
    private static final class Accumulator {
        private final Reducer reducer;
        private final boolean floating;
        private double d;
        private long n;
        private long count;
        private long at;

        Accumulator(Reducer reducer, boolean floating) {
            this.reducer = reducer;
            this.floating = floating;
            this.d = reducer == Reducer.PROD ? 1 : 0;
            this.n = reducer == Reducer.PROD || reducer == Reducer.ALL ? 1 : 0;
        }

        void add(Array x, long position) {
            double v = x.getDouble(position);
            long m = x.getLong(position);
            switch (reducer) {
                case SUM -> {
                    d += v;
                    n += m;
                }
                case PROD -> {
                    d *= v;
                    n *= m;
                }
                case ANY -> n |= v != 0 ? 1 : 0;
                case ALL -> n &= v != 0 ? 1 : 0;
                case MAX, MIN, ARGMAX, ARGMIN -> choose(v, m);
            }
            count++;
        }

        /// The first of equals for positions of a reduction, the last for those of a scan.
        private void choose(double v, long m) {
            boolean larger = reducer == Reducer.MAX || reducer == Reducer.ARGMAX;
            int c = floating ? (Double.isNaN(v) || Double.isNaN(d) ? 0 : compare(v, d)) : Long.compare(m, n);
            boolean better = larger ? c > 0 : c < 0;
            boolean nan = floating && Double.isNaN(v) && (!Double.isNaN(d) || !reducer.isArg());
            boolean equal = c == 0 && !reducer.isArg() && !(floating && Double.isNaN(d));
            if (count == 0 || nan || better || equal) {
                d = v;
                n = m;
                at = count;
            }
        }

        long last() {
            return at;
        }

        void store(Array y, long position) {
            if (reducer.isArg()) {
                y.setLong(position, at);
            } else if (floating && reducer != Reducer.ANY && reducer != Reducer.ALL) {
                y.setDouble(position, d);
            } else {
                y.setLong(position, n);
            }
        }
    }
}
