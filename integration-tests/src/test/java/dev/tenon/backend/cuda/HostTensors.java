package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.tenon.backend.cuda.FakeCudnn.Tensor;
import dev.tenon.backend.cuda.FakeOperations.Convolution;
import dev.tenon.backend.cuda.FakeOperations.Windows;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// Tensors in host memory, as descriptors describe them, and convolutions of them by their definition.
// Addresses of memory that the tests have allocated.
@SuppressWarnings("restricted")
final class HostTensors {
    private HostTensors() {}

    /// For each element in row-major order, its place in memory, in elements.
    private static long[] places(Tensor t) {
        long[] all = new long[t.elements()];
        for (int i = 0; i < all.length; i++) {
            long rest = i;
            for (int a = t.dims().length - 1; a >= 0; a--) {
                all[i] += rest % t.dims()[a] * t.strides()[a];
                rest /= t.dims()[a];
            }
        }
        return all;
    }

    private static MemorySegment memory(long address) {
        return MemorySegment.ofAddress(address).reinterpret(Long.MAX_VALUE);
    }

    static double[] load(Tensor t, long address) {
        MemorySegment m = memory(address);
        long[] places = places(t);
        double[] v = new double[places.length];
        for (int i = 0; i < v.length; i++) {
            long p = places[i];
            v[i] = switch (t.type()) {
                case CudnnCode.DATA_FLOAT -> m.getAtIndex(JAVA_FLOAT, p);
                case CudnnCode.DATA_DOUBLE -> m.getAtIndex(JAVA_DOUBLE, p);
                case CudnnCode.DATA_HALF -> Float.float16ToFloat(m.getAtIndex(JAVA_SHORT, p));
                case CudnnCode.DATA_BFLOAT16 -> Float.intBitsToFloat(m.getAtIndex(JAVA_SHORT, p) << 16);
                default -> throw new IllegalStateException("type " + t.type());
            };
        }
        return v;
    }

    static void store(Tensor t, long address, double[] v) {
        MemorySegment m = memory(address);
        long[] places = places(t);
        for (int i = 0; i < v.length; i++) {
            long p = places[i];
            switch (t.type()) {
                case CudnnCode.DATA_FLOAT -> m.setAtIndex(JAVA_FLOAT, p, (float) v[i]);
                case CudnnCode.DATA_DOUBLE -> m.setAtIndex(JAVA_DOUBLE, p, v[i]);
                case CudnnCode.DATA_HALF -> m.setAtIndex(JAVA_SHORT, p, Float.floatToFloat16((float) v[i]));
                case CudnnCode.DATA_BFLOAT16 -> m.setAtIndex(JAVA_SHORT, p, bf16((float) v[i]));
                default -> throw new IllegalStateException("type " + t.type());
            }
        }
    }

    private static short bf16(float v) {
        int bits = Float.floatToRawIntBits(v);
        return Float.isNaN(v) ? (short) 0x7FC0 : (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    /// Adds, for every product of an element of the input and one of the weight that a result is the sum of, to
    /// whichever of the three is computed, the product of the other two.
    ///
    /// @param data input, weight and result in row-major order
    static void convolve(Convolution o, double[][] data) {
        Windows g = o.windows();
        Tensor weight = o.w();
        int axes = g.stride().length;
        long groups = o.x().dims()[1] / weight.dims()[1];
        long perGroup = o.y().dims()[1] / groups;
        int taps = (int) (weight.elements() / (weight.dims()[0] * weight.dims()[1]));
        for (int yAt = 0; yAt < o.y().elements(); yAt++) {
            long[] y = index(yAt, o.y().dims());
            for (int tap = 0; tap < taps; tap++) {
                long[] w = index(tap, weight.dims());
                long[] x = y.clone();
                boolean inside = true;
                for (int a = 0; a < axes; a++) {
                    x[a + 2] = y[a + 2] * g.stride()[a] - g.before()[a] + w[a + 2] * g.dilation()[a];
                    inside &= x[a + 2] >= 0 && x[a + 2] < o.x().dims()[a + 2];
                }
                w[0] = y[1];
                for (long c = 0; inside && c < weight.dims()[1]; c++) {
                    x[1] = y[1] / perGroup * weight.dims()[1] + c;
                    w[1] = c;
                    int[] at = {flat(x, o.x()), flat(w, weight), yAt};
                    int p = (o.role() + 1) % 3;
                    int q = (o.role() + 2) % 3;
                    data[o.role()][at[o.role()]] += data[p][at[p]] * data[q][at[q]];
                }
            }
        }
    }

    /// The value as a type of data holds it.
    static double rounded(int type, double v) {
        return switch (type) {
            case CudnnCode.DATA_HALF -> Float.float16ToFloat(Float.floatToFloat16((float) v));
            case CudnnCode.DATA_BFLOAT16 -> Float.intBitsToFloat(bf16((float) v) << 16);
            default -> v;
        };
    }

    /// The elements of a tensor's memory, in the row-major order of another that lies in the same memory.
    static double[] seenAs(double[] values, Tensor from, Tensor to) {
        Map<Long, Double> memory = new HashMap<>();
        long[] places = places(from);
        for (int i = 0; i < values.length; i++) {
            memory.put(places[i], values[i]);
        }
        return Arrays.stream(places(to)).mapToDouble(memory::get).toArray();
    }

    /// Whether a tensor's extents are those of another, or 1.
    static boolean broadcasts(Tensor t, Tensor over) {
        boolean fits = t.dims().length == over.dims().length;
        for (int i = 0; fits && i < t.dims().length; i++) {
            fits = t.dims()[i] == over.dims()[i] || t.dims()[i] == 1;
        }
        return fits;
    }

    /// The place on each axis of an element in row-major order.
    static long[] index(int at, long[] dims) {
        long[] index = new long[dims.length];
        long rest = at;
        for (int a = dims.length - 1; a >= 0; a--) {
            index[a] = rest % dims[a];
            rest /= dims[a];
        }
        return index;
    }

    /// The other way round; axes of extent 1 are repeated.
    static int flat(long[] index, Tensor t) {
        long at = 0;
        for (int a = 0; a < t.dims().length; a++) {
            at = at * t.dims()[a] + (t.dims()[a] == 1 ? 0 : index[a]);
        }
        return (int) at;
    }
}
