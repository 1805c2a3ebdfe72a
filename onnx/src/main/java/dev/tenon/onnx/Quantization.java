package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Quantisation to few bits, and back.
final class Quantization {
    private Quantization() {}

    static void register(Operators r) {
        r.add("QuantizeLinear", 10, Quantization::quantize);
        r.add("DequantizeLinear", 10, Quantization::dequantize);
        r.add("DynamicQuantizeLinear", 11, Quantization::dynamic);
        r.add("QLinearMatMul", 10, c -> {
            Tensor product = shifted(c, 0, 2, true).matmul(shifted(c, 3, 5, false));
            Tensor scale = rows(c.x(1)).mul(c.x(4)).div(rows(c.x(6)));
            return List.of(requantized(c, product, scale.to(DType.F32), rows(c.x(7)), 7));
        });
        r.add("QLinearConv", 10, c -> {
            Tensor y = Convolutions.conv(c, shifted(c, 0, 2, false), Convolutions.centredWeight(c, 3, 5),
                    c.optional(8));
            Tensor scale = c.x(1).mul(c.x(4)).div(c.x(6)).to(DType.F32);
            Tensor each = scale.elements() == 1 ? scale.reshape(Shape.SCALAR)
                    : Normalizations.perChannel(scale, y.rank());
            return List.of(requantized(c, y, each, c.x(7).reshape(Shape.SCALAR), 7));
        });
    }

    /// One number for each row.
    private static Tensor rows(Tensor t) {
        return t.rank() == 1 && t.elements() > 1 ? t.unsqueeze(1) : t;
    }

    /// An operand less its zero point, in 32 bits; small floating-point numbers as they are.
    private static Tensor shifted(Call c, int x, int zero, boolean rows) {
        return c.type(x).isSmallFloat() ? c.x(x) : Matrices.centred(c, x, zero, rows);
    }

    private static OnnxValue requantized(Call c, Tensor y, Tensor scale, Tensor zero, int typedAs) {
        return saturated(y.to(DType.F32).mul(scale), zero, c.type(typedAs), true);
    }

    /// Rounded to even, shifted by the zero point and cut to the range of the type.
    private static OnnxValue saturated(Tensor x, @Nullable Tensor zero, OnnxType type, boolean saturate) {
        if (type.isSmallFloat()) {
            return OnnxValue.of(type, Conversions.rounded(x.to(DType.F32), type, saturate));
        }
        Tensor rounded = x.round();
        Tensor shifted = zero == null ? rounded : rounded.add(zero.to(rounded.dtype()));
        Tensor cut = shifted.clamp(type.minValue(), type.maxValue());
        return OnnxValue.of(type, cut.to(DType.I32).to(type.dtype()));
    }

    /// Scales or zero points, repeated or shaped such that they broadcast over x.
    private static Tensor spread(Call c, Tensor t, Shape x) {
        if (t.rank() == 0 || t.elements() == 1) {
            return t.reshape(Shape.SCALAR);
        }
        int axis = c.axis("axis", 1, x.rank());
        long block = c.attr("block_size", 0);
        if (t.rank() == x.rank() && x.rank() > 1 || block > 0) {
            long b = block > 0 ? block : Math.ceilDiv(x.dim(axis), t.size(axis));
            return t.repeatInterleave(b, axis).narrow(axis, 0, x.dim(axis));
        }
        long[] dims = new long[x.rank()];
        Arrays.fill(dims, 1);
        dims[axis] = t.elements();
        return t.reshape(dims);
    }

    private static List<OnnxValue> quantize(Call c) {
        Tensor x = c.x(0);
        OnnxType named = c.attr("output_dtype", 0) == 0 ? OnnxType.UINT8 : Call.type(c.attr("output_dtype", 0));
        OnnxType type = c.has(2) ? c.type(2) : named;
        DType work = c.attr("precision", 0) != 0 ? Call.type(c.attr("precision", 0)).dtype()
                : x.dtype().isFloating() ? x.dtype() : c.x(1).dtype();
        DType wide = c.attr("precision", 0) != 0 ? work : work.kind().dtype();
        Tensor scale = spread(c, c.x(1), x.shape()).to(wide);
        Tensor zero = c.has(2) && !type.isSmallFloat() ? spread(c, c.x(2), x.shape()) : null;
        return List.of(saturated(x.to(wide).div(scale).to(DType.F32), zero, type, c.flag("saturate", true)));
    }

    private static List<OnnxValue> dequantize(Call c) {
        Tensor x = c.x(0);
        OnnxType type = c.attr("output_dtype", 0) == 0 ? c.type(1) : Call.type(c.attr("output_dtype", 0));
        Tensor t = x;
        if (c.has(2)) {
            Tensor zero = spread(c, c.x(2), x.shape());
            t = x.dtype().isFloating() ? x.sub(zero) : x.to(DType.I32).sub(zero.to(DType.I32));
        }
        Tensor y = t.to(DType.F32).mul(spread(c, c.x(1), x.shape()).to(DType.F32));
        return List.of(OnnxValue.of(type, type.hold(y)));
    }

    private static List<OnnxValue> dynamic(Call c) {
        Tensor x = c.x(0);
        Tensor high = x.max().maximum(0.0);
        Tensor low = x.min().minimum(0.0);
        Tensor scale = high.sub(low).div(255.0);
        Tensor zero = low.neg().div(scale).nanToNum().clamp(0, 255).round();
        OnnxValue y = saturated(x.div(scale), zero, OnnxType.UINT8, true);
        return List.of(y, OnnxValue.of(scale), OnnxValue.of(zero.to(DType.U8)));
    }
}
