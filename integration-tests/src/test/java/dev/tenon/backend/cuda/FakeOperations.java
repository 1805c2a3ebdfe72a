package dev.tenon.backend.cuda;

import dev.tenon.backend.cuda.FakeCudnn.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The operations of the library that is none: whether their tensors fit together, and what they compute.
final class FakeOperations {
    private FakeOperations() {}

    /// An operation that was finished.
    interface Operation {
        /// All that it reads and writes.
        List<Tensor> tensors();

        /// Whether shapes and attributes are such as the library takes.
        boolean fits();

        void compute(HostValues values);
    }

    private static List<Tensor> present(@Nullable Tensor... all) {
        return Arrays.stream(all).filter(Objects::nonNull).map(Objects::requireNonNull).toList();
    }

    record Windows(int type, long[] stride, long[] before, long[] after, long[] dilation) {}

    /// A convolution of whose operands the one in a `role` (0 input, 1 weight, 2 result) is computed.
    record Convolution(int role, double alpha, double beta, Tensor x, Tensor w, Tensor y, Windows windows)
            implements Operation {
        @Override
        public List<Tensor> tensors() {
            return List.of(x, w, y);
        }

        @Override
        public boolean fits() {
            Windows g = windows;
            boolean fits = alpha == 1 && beta == 0 && x.dims()[0] == y.dims()[0] && w.dims()[0] == y.dims()[1]
                    && x.dims()[1] % w.dims()[1] == 0 && y.dims()[1] % (x.dims()[1] / w.dims()[1]) == 0
                    && g.stride.length == x.dims().length - 2;
            for (int i = 0; i < g.stride.length; i++) {
                long span = g.dilation[i] * (w.dims()[i + 2] - 1) + 1;
                fits &= g.before[i] == g.after[i] && g.before[i] >= 0 && y.dims()[i + 2]
                        == (x.dims()[i + 2] + g.before[i] + g.after[i] - span) / g.stride[i] + 1;
            }
            return fits;
        }

        @Override
        public void compute(HostValues values) {
            double[][] data = new double[3][];
            for (int i = 0; i < 3; i++) {
                Tensor t = tensors().get(i);
                data[i] = i == role ? new double[t.elements()] : values.load(t);
            }
            HostTensors.convolve(this, data);
            values.store(tensors().get(role), data[role]);
        }
    }

    /// An elementwise function of one, two or three tensors; extents of 1 are repeated.
    record Pointwise(int mode, int precision, int axis, Tensor x, @Nullable Tensor b, @Nullable Tensor t, Tensor y)
            implements Operation {
        @Override
        public List<Tensor> tensors() {
            return present(x, b, t, y);
        }

        @Override
        public boolean fits() {
            boolean binary = switch (mode) {
                case CudnnCode.POINTWISE_ADD, CudnnCode.POINTWISE_SUB, CudnnCode.POINTWISE_MUL,
                    CudnnCode.POINTWISE_DIV, CudnnCode.POINTWISE_CMP_GE, CudnnCode.POINTWISE_BINARY_SELECT -> true;
                case CudnnCode.POINTWISE_EXP, CudnnCode.POINTWISE_LOG, CudnnCode.POINTWISE_RELU_FWD,
                    CudnnCode.POINTWISE_GEN_INDEX -> false;
                default -> throw new IllegalStateException("function " + mode);
            };
            boolean compares = mode == CudnnCode.POINTWISE_CMP_GE;
            return binary == (b != null) && (mode == CudnnCode.POINTWISE_BINARY_SELECT) == (t != null)
                    && (mode == CudnnCode.POINTWISE_GEN_INDEX) == (axis >= 0)
                    && precision == (compares ? CudnnCode.DATA_BOOLEAN : CudnnCode.DATA_FLOAT)
                    && compares == (y.type() == CudnnCode.DATA_BOOLEAN)
                    && (t == null || t.type() == CudnnCode.DATA_BOOLEAN)
                    && tensors().stream().allMatch(v -> HostTensors.broadcasts(v, y));
        }

        @Override
        public void compute(HostValues values) {
            double[] first = values.load(x);
            double[] second = b == null ? new double[0] : values.load(b);
            double[] third = t == null ? new double[0] : values.load(t);
            double[] result = new double[y.elements()];
            for (int i = 0; i < result.length; i++) {
                long[] at = HostTensors.index(i, y.dims());
                double v = first[HostTensors.flat(at, x)];
                double w = b == null ? 0 : second[HostTensors.flat(at, b)];
                result[i] = switch (mode) {
                    case CudnnCode.POINTWISE_ADD -> v + w;
                    case CudnnCode.POINTWISE_SUB -> v - w;
                    case CudnnCode.POINTWISE_MUL -> v * w;
                    case CudnnCode.POINTWISE_DIV -> v / w;
                    case CudnnCode.POINTWISE_EXP -> Math.exp(v);
                    case CudnnCode.POINTWISE_LOG -> Math.log(v);
                    case CudnnCode.POINTWISE_RELU_FWD -> Math.max(0, v);
                    case CudnnCode.POINTWISE_GEN_INDEX -> at[axis];
                    case CudnnCode.POINTWISE_CMP_GE -> v >= w ? 1 : 0;
                    default -> t != null && third[HostTensors.flat(at, t)] != 0 ? v : w;
                };
            }
            values.store(y, result);
        }
    }

    /// Products of the matrices in the last two of four axes.
    record Product(Tensor a, Tensor b, Tensor c) implements Operation {
        @Override
        public List<Tensor> tensors() {
            return List.of(a, b, c);
        }

        @Override
        public boolean fits() {
            long[] x = a.dims();
            long[] y = b.dims();
            return Arrays.equals(c.dims(), new long[] {x[0], x[1], x[2], y[3]}) && x[3] == y[2] && x[0] == y[0]
                    && x[1] == y[1];
        }

        @Override
        public void compute(HostValues values) {
            double[] left = values.load(a);
            double[] right = values.load(b);
            double[] result = new double[c.elements()];
            int depth = (int) a.dims()[3];
            for (int i = 0; i < result.length; i++) {
                long[] at = HostTensors.index(i, c.dims());
                for (int k = 0; k < depth; k++) {
                    result[i] += left[HostTensors.flat(new long[] {at[0], at[1], at[2], k}, a)]
                            * right[HostTensors.flat(new long[] {at[0], at[1], k, at[3]}, b)];
                }
            }
            values.store(c, result);
        }
    }

    record Reduction(int mode, int precision, Tensor x, Tensor y) implements Operation {
        @Override
        public List<Tensor> tensors() {
            return List.of(x, y);
        }

        @Override
        public boolean fits() {
            return precision == CudnnCode.DATA_FLOAT && HostTensors.broadcasts(y, x)
                    && (mode == CudnnCode.REDUCE_TENSOR_ADD || mode == CudnnCode.REDUCE_TENSOR_MAX);
        }

        @Override
        public void compute(HostValues values) {
            double[] v = values.load(x);
            double[] result = new double[y.elements()];
            boolean sum = mode == CudnnCode.REDUCE_TENSOR_ADD;
            Arrays.fill(result, sum ? 0 : Double.NEGATIVE_INFINITY);
            for (int i = 0; i < v.length; i++) {
                int to = HostTensors.flat(HostTensors.index(i, x.dims()), y);
                result[to] = sum ? result[to] + v[i] : Math.max(result[to], v[i]);
            }
            values.store(y, result);
        }
    }

    /// The same memory, seen otherwise.
    record View(Tensor x, Tensor y) implements Operation {
        @Override
        public List<Tensor> tensors() {
            return List.of(x, y);
        }

        @Override
        public boolean fits() {
            return x.elements() == y.elements();
        }

        @Override
        public void compute(HostValues values) {
            values.store(y, HostTensors.seenAs(values.load(x), x, y));
        }
    }

    /// Whether the parameters and the statistics of a normalisation are such as its mode has them.
    private static boolean normalises(int mode, Tensor x, Tensor parameter, Tensor statistic) {
        long[] one = new long[x.dims().length];
        Arrays.fill(one, 1);
        long[] other = x.dims().clone();
        other[0] = 1;
        if (mode == CudnnCode.BATCH_NORM) {
            one[1] = x.dims()[1];
            other = one;
        } else {
            one[0] = x.dims()[0];
        }
        return (mode == CudnnCode.BATCH_NORM || mode == CudnnCode.LAYER_NORM) && Arrays.equals(parameter.dims(), other)
                && Arrays.equals(statistic.dims(), one) && statistic.type() == CudnnCode.DATA_FLOAT;
    }

    private static boolean liesAs(Tensor x, Tensor other) {
        return Arrays.equals(x.dims(), other.dims()) && Arrays.equals(x.strides(), other.strides());
    }

    record Norm(int mode, int phase, Tensor x, Tensor scale, Tensor shift, Tensor epsilon, Tensor mean, Tensor inverse,
            Tensor y) implements Operation {
        @Override
        public List<Tensor> tensors() {
            return List.of(x, scale, shift, epsilon, mean, inverse, y);
        }

        @Override
        public boolean fits() {
            return phase == CudnnCode.NORM_FWD_TRAINING && epsilon.byValue() && epsilon.elements() == 1
                    && normalises(mode, x, scale, mean) && normalises(mode, x, shift, inverse) && liesAs(x, y);
        }

        @Override
        public void compute(HostValues values) {
            double[] v = values.load(x);
            double[] m = new double[mean.elements()];
            double[] squares = new double[m.length];
            double count = (double) v.length / m.length;
            for (int i = 0; i < v.length; i++) {
                m[HostTensors.flat(HostTensors.index(i, x.dims()), mean)] += v[i] / count;
            }
            for (int i = 0; i < v.length; i++) {
                int s = HostTensors.flat(HostTensors.index(i, x.dims()), mean);
                squares[s] += (v[i] - m[s]) * (v[i] - m[s]) / count;
            }
            double small = values.load(epsilon)[0];
            double[] r = Arrays.stream(squares).map(s -> 1 / Math.sqrt(s + small)).toArray();
            double[] a = values.load(scale);
            double[] b = values.load(shift);
            double[] result = new double[v.length];
            for (int i = 0; i < v.length; i++) {
                long[] at = HostTensors.index(i, x.dims());
                int s = HostTensors.flat(at, mean);
                int p = HostTensors.flat(at, scale);
                result[i] = (v[i] - m[s]) * r[s] * a[p] + b[p];
            }
            values.store(y, result);
            values.store(mean, m);
            values.store(inverse, r);
        }
    }

    record NormGradient(int mode, Tensor x, Tensor mean, Tensor inverse, Tensor dy, Tensor scale, Tensor dScale,
            Tensor dShift, Tensor dx) implements Operation {
        @Override
        public List<Tensor> tensors() {
            return List.of(x, mean, inverse, dy, scale, dScale, dShift, dx);
        }

        @Override
        public boolean fits() {
            return normalises(mode, x, scale, mean) && normalises(mode, x, dScale, inverse)
                    && normalises(mode, x, dShift, mean) && liesAs(x, dx) && liesAs(x, dy);
        }

        @Override
        public void compute(HostValues values) {
            double[] v = values.load(x);
            double[] m = values.load(mean);
            double[] r = values.load(inverse);
            double[] g = values.load(dy);
            double[] a = values.load(scale);
            double[] gScale = new double[a.length];
            double[] gShift = new double[a.length];
            double[] first = new double[m.length];
            double[] second = new double[m.length];
            double count = (double) v.length / m.length;
            for (int pass = 0; pass < 2; pass++) {
                for (int i = 0; i < v.length; i++) {
                    long[] at = HostTensors.index(i, x.dims());
                    int s = HostTensors.flat(at, mean);
                    int p = HostTensors.flat(at, scale);
                    double normal = (v[i] - m[s]) * r[s];
                    double scaled = g[i] * a[p];
                    if (pass == 0) {
                        gShift[p] += g[i];
                        gScale[p] += g[i] * normal;
                        first[s] += scaled / count;
                        second[s] += scaled * normal / count;
                    } else {
                        v[i] = r[s] * (scaled - first[s] - normal * second[s]);
                    }
                }
            }
            values.store(dx, v);
            values.store(dScale, gScale);
            values.store(dShift, gShift);
        }
    }
}
