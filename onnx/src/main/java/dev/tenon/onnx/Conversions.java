package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Conversions between element types.
final class Conversions {
    private Conversions() {}

    static void register(Operators r) {
        r.add("Cast", 1, Operators.Trait.RAW, c -> {
            OnnxType to = c.attributes().values().get("to") instanceof String name
                    ? OnnxType.valueOf(name) : Call.type(c.attr("to", 0));
            return List.of(cast(c, c.value(0), to));
        });
        r.add("CastLike", 15, Operators.Trait.RAW, c -> List.of(cast(c, c.value(0), c.type(1))));
        r.add("BitCast", 26, c -> {
            OnnxType from = c.type(0);
            OnnxType to = Call.type(c.attr("to", 0));
            if (from.bits() != to.bits() || to == OnnxType.STRING) {
                throw new IllegalArgumentException("bits of " + from + " seen as " + to + ": the types differ in size");
            }
            ByteBuffer raw = TensorEncoder.encode(from, c.x(0)).order(ByteOrder.LITTLE_ENDIAN);
            return List.of(OnnxValue.of(to, TensorCodec.tensor(to, c.value(0).shape(), raw, c.device())));
        });
    }

    private static OnnxValue cast(Call c, OnnxValue v, OnnxType to) {
        boolean saturate = c.flag("saturate", true);
        if (v instanceof OnnxValue.Strings s) {
            return to == OnnxType.STRING ? s : parsed(s, to, saturate, c.device());
        }
        if (to == OnnxType.STRING) {
            return printed(v);
        }
        if (v.type() == to) {
            return v;
        }
        if (to == OnnxType.FLOAT8E8M0) {
            return OnnxValue.of(to, powers(v.tensor(), c.attr("round_mode", "up"), saturate));
        }
        return OnnxValue.of(to, converted(v.tensor(), v.type(), to, saturate));
    }

    /// A tensor of one type as one of another.
    ///
    /// @param saturate whether numbers that are too large for a small floating-point type become its largest
    static Tensor converted(Tensor x, OnnxType from, OnnxType to, boolean saturate) {
        if (from.isComplex() != to.isComplex()) {
            throw new IllegalArgumentException("a cast from " + from + " to " + to + " is not defined");
        }
        if (to.isSmallFloat()) {
            return rounded(x.to(DType.F32), to, saturate);
        }
        if (from == OnnxType.UINT64 && to.isFloating()) {
            // The upper bit counts as 2^63.
            DType wide = to.dtype() == DType.F64 ? DType.F64 : DType.F32;
            Tensor t = x.to(wide);
            return t.where(x.ge(0), t.add(0x1p64)).to(to.dtype());
        }
        if (to == OnnxType.UINT64 && from.isFloating()) {
            Tensor wide = x.to(x.dtype().kind().dtype());
            Tensor upper = Unsigned.flipped(wide.sub(0x1p63).to(DType.I64));
            return upper.where(wide.ge(0x1p63), wide.to(DType.I64));
        }
        if (to.isIntegral() && to.bits() < 32 && from.isFloating()) {
            // Through 64 bits, so that what is too large wraps.
            return to.hold(x.to(DType.I64).to(to.dtype() == DType.I32 ? DType.I32 : to.dtype()));
        }
        return to.hold(to.dtype() == DType.I32 && from.isFloating() ? x.to(DType.I64).to(DType.I32) : x);
    }

    /// Numbers rounded to those that a small floating-point type has. On the host.
    static Tensor rounded(Tensor x, OnnxType to, boolean saturate) {
        SmallFloats table = SmallFloats.of(to);
        float[] v = x.toFloatArray();
        for (int i = 0; i < v.length; i++) {
            v[i] = table.round(v[i], saturate);
        }
        return Tensors.of(v, x.shape(), x.device());
    }

    /// Numbers rounded to powers of two.
    private static Tensor powers(Tensor x, String mode, boolean saturate) {
        SmallFloats table = SmallFloats.of(OnnxType.FLOAT8E8M0);
        float[] v = x.toFloatArray();
        for (int i = 0; i < v.length; i++) {
            float f = v[i];
            if (Float.isFinite(f) && f > 0 && !mode.equals("nearest")) {
                int exponent = Float.floatToRawIntBits(f) >>> 23;
                boolean exact = (Float.floatToRawIntBits(f) & 0x7FFFFF) == 0 && exponent > 0;
                int code = exponent + (mode.equals("up") && !exact ? 1 : 0);
                v[i] = code >= 0xFF ? saturate ? table.value(0xFE) : Float.NaN : table.value(code);
            } else {
                v[i] = table.round(f, saturate);
            }
        }
        return Tensors.of(v, x.shape(), x.device());
    }

    // --- strings

    private static OnnxValue printed(OnnxValue v) {
        List<String> out = new ArrayList<>();
        Tensor x = v.tensor();
        if (v.type() == OnnxType.DOUBLE) {
            for (double d : x.toDoubleArray()) {
                out.add(special(d, Double.toString(d)));
            }
        } else if (v.type().isFloating()) {
            for (float f : x.toFloatArray()) {
                out.add(special(f, Float.toString(f)));
            }
        } else if (v.type() == OnnxType.BOOL) {
            for (boolean b : x.toBooleanArray()) {
                out.add(b ? "True" : "False");
            }
        } else {
            for (long n : x.toLongArray()) {
                out.add(v.type() == OnnxType.UINT64 ? Long.toUnsignedString(n) : Long.toString(n));
            }
        }
        return new OnnxValue.Strings(v.shape(), out);
    }

    private static String special(double d, String text) {
        return Double.isNaN(d) ? "NaN" : Double.isInfinite(d) ? d > 0 ? "INF" : "-INF"
                : text.replaceFirst("E(-?)(\\d)$", "e$10$2").replaceFirst("E(\\d)", "e+$1").replace('E', 'e');
    }

    private static OnnxValue parsed(OnnxValue.Strings s, OnnxType to, boolean saturate, Device device) {
        int n = s.values().size();
        Shape shape = s.shape();
        if (to.isFloating()) {
            double[] v = new double[n];
            for (int i = 0; i < n; i++) {
                v[i] = number(s.values().get(i));
            }
            return OnnxValue.of(to, converted(Tensors.of(v, shape, device), OnnxType.DOUBLE, to, saturate));
        }
        long[] v = new long[n];
        for (int i = 0; i < n; i++) {
            String text = s.values().get(i).strip();
            try {
                v[i] = to == OnnxType.UINT64 ? Long.parseUnsignedLong(text) : Long.parseLong(text);
            } catch (NumberFormatException e) {
                v[i] = (long) number(text);
            }
        }
        return OnnxValue.of(to, converted(Tensors.of(v, shape, device), OnnxType.INT64, to, saturate));
    }

    private static double number(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "inf", "+inf", "infinity" -> Double.POSITIVE_INFINITY;
            case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            case "true" -> 1;
            case "false" -> 0;
            default -> {
                try {
                    yield Double.parseDouble(text.strip());
                } catch (NumberFormatException e) {
                    throw new IllegalArgumentException("\"" + text + "\" is no number", e);
                }
            }
        };
    }
}
