package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/// Fourier transforms, as products with matrices, and windows.
final class Signals {
    private Signals() {}

    static void register(Operators r) {
        r.same("DFT", 17, Signals::dft);
        r.same("STFT", 17, Signals::stft);
        window(r, "HannWindow", t -> 0.5 - 0.5 * Math.cos(t));
        window(r, "HammingWindow", t -> 25 / 46.0 - 21 / 46.0 * Math.cos(t));
        window(r, "BlackmanWindow", t -> 0.42 - 0.5 * Math.cos(t) + 0.08 * Math.cos(2 * t));
        r.add("MelWeightMatrix", 17, Signals::mel);
    }

    /// @param f of the angle, which runs once around
    private static void window(Operators r, String name, DoubleUnaryOperator f) {
        r.add(name, 17, c -> {
            OnnxType type = c.typeAttr("output_datatype", OnnxType.FLOAT);
            int n = Math.toIntExact(c.integer(0));
            double around = c.flag("periodic", true) ? n : n - 1;
            double[] v = new double[n];
            for (int i = 0; i < n; i++) {
                v[i] = f.applyAsDouble(2 * Math.PI * i / around);
            }
            return List.of(OnnxValue.of(type, host(c, v, Shape.of(n), type)));
        });
    }

    private static Tensor host(Call c, double[] v, Shape shape, OnnxType type) {
        Tensor t = type.dtype() == DType.F32 ? Tensors.of(Constants.floats(v), shape, c.device())
                : Tensors.of(v, shape, c.device());
        return type.hold(t);
    }

    private static Tensor dft(Call c) {
        Tensor x = c.x(0);
        boolean inverse = c.flag("inverse", false);
        boolean onesided = c.flag("onesided", false);
        int rank = x.rank();
        int axis = c.since(20) ? Call.axis(c.has(2) ? c.integer(2) : -2, rank) : c.axis("axis", 1, rank);
        if (rank < 2 || axis == rank - 1 || x.size(-1) > 2) {
            throw new IllegalArgumentException("input " + x.shape() + ", axis " + axis
                    + ": expected [..., 1] or [..., 2] and another axis than the last");
        }
        boolean back = inverse && onesided;
        long n = c.has(1) ? c.integer(1) : back ? 2 * (x.size(axis) - 1) : x.size(axis);
        long given = back ? n / 2 + 1 : n;
        Tensor t = x.movedim(axis, -2);
        long[] high = new long[rank];
        high[rank - 2] = given - t.size(-2);
        t = Arrangements.constantPad(t, new long[rank], high, c.full(Shape.SCALAR, 0, x.dtype()));
        if (back) {
            return inverseOfHalf(c, t, (int) n).movedim(-2, axis);
        }
        return transform(c, t, (int) n, inverse, onesided).movedim(-2, axis);
    }

    /// The transform of `[..., n, 1 or 2]` along the axis before the last, `[..., n, 2]`.
    private static Tensor transform(Call c, Tensor x, int n, boolean inverse, boolean onesided) {
        int m = onesided ? n / 2 + 1 : n;
        DType work = x.dtype().kind().dtype();
        Tensor cos = matrix(c, m, n, false, work, inverse ? 1.0 / n : 1);
        Tensor sin = matrix(c, m, n, true, work, inverse ? 1.0 / n : 1);
        Tensor re = x.select(x.rank() - 1, 0).to(work);
        Tensor real = re.matmul(cos.t());
        Tensor imaginary = re.matmul(sin.t());
        // e^(-i a) for the transform, e^(i a) for its inverse.
        imaginary = inverse ? imaginary : imaginary.neg();
        if (x.size(-1) == 2) {
            Tensor im = x.select(x.rank() - 1, 1).to(work);
            Tensor turned = im.matmul(sin.t());
            real = inverse ? real.sub(turned) : real.add(turned);
            imaginary = imaginary.add(im.matmul(cos.t()));
        }
        return Tensors.stack(x.rank() - 1, real, imaginary);
    }

    /// The real signal of which the first half of the spectrum is known, `[..., n, 1]`.
    private static Tensor inverseOfHalf(Call c, Tensor x, int n) {
        int half = n / 2 + 1;
        DType work = x.dtype().kind().dtype();
        double[] twice = new double[half];
        for (int k = 0; k < half; k++) {
            twice[k] = k == 0 || 2 * k == n ? 1 : 2;
        }
        Tensor count = Tensors.of(twice, Shape.of(half), c.device()).to(work);
        Tensor cos = matrix(c, n, half, n, false, work, 1.0 / n);
        Tensor sin = matrix(c, n, half, n, true, work, 1.0 / n);
        Tensor real = x.select(x.rank() - 1, 0).to(work).mul(count).matmul(cos.t());
        Tensor y = x.size(-1) == 1 ? real
                : real.sub(x.select(x.rank() - 1, 1).to(work).mul(count).matmul(sin.t()));
        return y.unsqueeze(y.rank());
    }

    private static Tensor matrix(Call c, int rows, int n, boolean sine, DType dtype, double factor) {
        return matrix(c, rows, n, n, sine, dtype, factor);
    }

    /// The cosines or sines of 2 pi row column / n.
    private static Tensor matrix(Call c, int rows, int columns, int n, boolean sine, DType dtype, double factor) {
        double[] v = new double[Math.multiplyExact(rows, columns)];
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < columns; k++) {
                double angle = 2 * Math.PI * ((long) i * k % n) / n;
                v[i * columns + k] = factor * (sine ? Math.sin(angle) : Math.cos(angle));
            }
        }
        Shape shape = Shape.of(rows, columns);
        return dtype == DType.F64 ? Tensors.of(v, shape, c.device())
                : Tensors.of(Constants.floats(v), shape, c.device()).to(dtype);
    }

    private static Tensor stft(Call c) {
        Tensor x = c.x(0);
        Tensor signal = x.rank() == 2 ? x.unsqueeze(2) : x;
        long step = c.integer(1);
        long length = c.has(3) ? c.integer(3) : c.has(2) ? c.x(2).size(0) : signal.size(1);
        Tensor frames = signal.unfold(1, length, step).mT();
        if (c.has(2)) {
            frames = frames.mul(c.x(2).unsqueeze(1));
        }
        return transform(c, frames, Math.toIntExact(length), false,
                c.flag("onesided", true) && signal.size(-1) == 1);
    }

    /// Triangles over the bins of a spectrum, evenly spaced on the mel scale.
    private static List<OnnxValue> mel(Call c) {
        int bands = Math.toIntExact(c.integer(0));
        long length = c.integer(1);
        double rate = c.number(2);
        int rows = Math.toIntExact(length / 2 + 1);
        double low = 2595 * Math.log10(1 + c.number(3) / 700);
        double high = 2595 * Math.log10(1 + c.number(4) / 700);
        double step = (high - low) / (bands + 2);
        int[] bins = new int[bands + 2];
        for (int i = 0; i < bins.length; i++) {
            double hertz = 700 * (Math.pow(10, (i * step + low) / 2595) - 1);
            bins[i] = (int) Math.floor((length + 1) * hertz / rate);
        }
        double[] v = new double[Math.multiplyExact(rows, bands)];
        for (int i = 0; i < bands; i++) {
            int left = bins[i];
            int centre = bins[i + 1];
            int right = bins[i + 2];
            for (int j = left; j <= centre && j < rows; j++) {
                v[j * bands + i] = left == centre ? 1 : (j - left) / (double) (centre - left);
            }
            for (int j = centre; j < right && j < rows; j++) {
                v[j * bands + i] = (right - j) / (double) (right - centre);
            }
        }
        OnnxType type = c.typeAttr("output_datatype", OnnxType.FLOAT);
        return List.of(OnnxValue.of(type, host(c, v, Shape.of(rows, bands), type)));
    }
}
