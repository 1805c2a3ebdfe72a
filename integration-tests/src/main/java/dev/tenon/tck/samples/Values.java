package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/// A tensor's elements on the host, decoded from its bytes without help of its device.
///
/// @param dtype the element type
/// @param shape the shape
/// @param reals the elements as doubles
/// @param integers the elements as longs, for dtypes that are not floating-point
public record Values(DType dtype, Shape shape, double[] reals, long[] integers) {

    /// Reads a tensor.
    public static Values of(Tensor t) {
        int n = Math.toIntExact(t.elements());
        double[] reals = new double[n];
        long[] integers = new long[n];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = arena.allocate(Math.max(1, (long) n * t.dtype().bytes()), 64);
            t.copyTo(s);
            for (int i = 0; i < n; i++) {
                switch (t.dtype()) {
                    case F64 -> reals[i] = s.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
                    case F32 -> reals[i] = s.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                    case F16 -> reals[i] = Float.float16ToFloat(s.getAtIndex(ValueLayout.JAVA_SHORT, i));
                    case BF16 -> reals[i] = Float.intBitsToFloat(s.getAtIndex(ValueLayout.JAVA_SHORT, i) << 16);
                    case I64 -> integers[i] = s.getAtIndex(ValueLayout.JAVA_LONG, i);
                    case I32 -> integers[i] = s.getAtIndex(ValueLayout.JAVA_INT, i);
                    case I16 -> integers[i] = s.getAtIndex(ValueLayout.JAVA_SHORT, i);
                    case I8 -> integers[i] = s.get(ValueLayout.JAVA_BYTE, i);
                    case U8, BOOL -> integers[i] = s.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
                }
                if (!t.dtype().isFloating()) {
                    reals[i] = integers[i];
                }
            }
        }
        return new Values(t.dtype(), t.shape(), reals, integers);
    }

    /// What is wrong with these values where others are expected, or empty if nothing is.
    ///
    /// @param family decides how far apart they may be
    /// @param scale the size of the numbers that were added up; 0 stands for the largest expected value
    public Optional<String> differenceFrom(Values expected, Family family, double scale) {
        if (dtype != expected.dtype || !shape.equals(expected.shape)) {
            return Optional.of("is " + dtype + shape + ", expected " + expected.dtype + expected.shape);
        }
        double size = Math.max(scale, expected.largest());
        int wrong = 0;
        int first = -1;
        double worst = 0;
        for (int i = 0; i < reals.length; i++) {
            if (!matches(expected, i, family, size)) {
                wrong++;
                first = first < 0 ? i : first;
                worst = Math.max(worst, Math.abs(reals[i] - expected.reals[i]));
            }
        }
        if (wrong == 0) {
            return Optional.empty();
        }
        double e = expected.reals[first];
        String difference = dtype.isFloating()
                ? " (off by %.3g ulp, allowed %.3g)".formatted(
                        Math.abs(reals[first] - e) / Family.ulp(dtype, e),
                        family.allowed(dtype, e, size) / Family.ulp(dtype, e))
                : "";
        return Optional.of(wrong + " of " + reals.length + " elements differ, first at " + first + " of " + shape
                + ": " + text(first) + ", expected " + expected.text(first) + difference + "; at most " + worst);
    }

    private boolean matches(Values expected, int i, Family family, double size) {
        if (!dtype.isFloating()) {
            return integers[i] == expected.integers[i];
        }
        double e = expected.reals[i];
        double v = reals[i];
        if (Double.isNaN(e) || Double.isInfinite(e) || Double.isNaN(v) || Double.isInfinite(v)) {
            return Double.compare(e, v) == 0;
        }
        if (family.signedZeros() && e == 0 && v == 0) {
            return Double.compare(e, v) == 0;
        }
        return Math.abs(v - e) <= family.allowed(dtype, e, size);
    }

    private double largest() {
        double m = 0;
        for (double v : reals) {
            if (Double.isFinite(v)) {
                m = Math.max(m, Math.abs(v));
            }
        }
        return m;
    }

    private String text(int i) {
        return dtype.isFloating() ? Double.toString(reals[i]) : Long.toString(integers[i]);
    }
}
