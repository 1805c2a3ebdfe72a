package dev.tenon.kernel;

import java.util.List;
import java.util.function.UnaryOperator;

/// Functions that kernels call, as text in the vocabulary of [Dialect]. A name ends with the type it is for.
final class Helpers {
    /// A function's text and the functions that it calls itself.
    record Text(List<String> needs, String source) {}

    private Helpers() {}

    static Text text(String name, DeviceTraits traits) {
        int cut = name.lastIndexOf('_');
        String base = name.substring(0, cut);
        String type = name.substring(cut + 1);
        return switch (name) {
            case "bf16_bits" -> new Text(List.of(), BF16_BITS);
            case "round_bf16" -> new Text(List.of("bf16_bits"), """
                    DEVICE f32 round_bf16(f32 x) {
                        return F32_BITS((u32)bf16_bits(x) << 16);
                    }
                    """);
            case "philox_" -> new Text(List.of(), PHILOX);
            case "pair_bf16" -> new Text(List.of("bf16_bits"), TensorCores.text(name));
            case "mma_f16", "mma_bf16", "mma_tf32", "tf32_bits", "load_matrices", "load_transposed", "pair_f16",
                    "copy_async", "commit_copies", "wait_copies" ->
                new Text(List.of(), TensorCores.text(name));
            default -> type.startsWith("i") ? integer(base, type) : floating(base, type, traits);
        };
    }

    /// Rounds to nearest, ties to even; NaN stays NaN.
    private static final String BF16_BITS = """
            DEVICE u16 bf16_bits(f32 x) {
            #ifdef BITS_BF16
                return BITS_BF16(x);
            #else
                u32 b = BITS_F32(x);
                return x != x ? (u16)(b >> 16 | 0x40u) : (u16)((b + 0x7FFFu + (b >> 16 & 1u)) >> 16);
            #endif
            }
            """;

    /// Philox 4x32-10. Source: Salmon et al., SC 2011.
    private static final String PHILOX = """
            DEVICE void philox_(i64 seed, i64 stream, i64 counter, u32* w) {
                u32 c0 = (u32)counter, c1 = (u32)((u64)counter >> 32);
                u32 c2 = (u32)stream, c3 = (u32)((u64)stream >> 32);
                u32 k0 = (u32)seed, k1 = (u32)((u64)seed >> 32);
                for (int round = 0; round < 10; round++) {
                    u64 a = (u64)c0 * 0xD2511F53u, b = (u64)c2 * 0xCD9E8D57u;
                    c0 = (u32)(b >> 32) ^ c1 ^ k0;
                    c1 = (u32)b;
                    c2 = (u32)(a >> 32) ^ c3 ^ k1;
                    c3 = (u32)a;
                    k0 += 0x9E3779B9u;
                    k1 += 0xBB67AE85u;
                }
                w[0] = c0;
                w[1] = c1;
                w[2] = c2;
                w[3] = c3;
            }
            """;

    /// e^x for x that are 0 or less, or NaN, without branches, so that compilers turn loops over it into vectors: e^r
    /// by its series for r within half of ln 2 of 0, times a power of two. Adding 1.5 * 2^23 rounds to an integer,
    /// which then stands in the low bits: `rint` is a call on some devices. What is below the normal numbers becomes 0.
    private static final String EXP_BELOW = """
            DEVICE f32 exp_below_f32(f32 x) {
                f32 c = x >= -87.0f ? x : -87.0f;
                f32 t = MUL_ADD(c, 1.44269504f, 0x1.8p23f);
                f32 k = t - 0x1.8p23f;
                f32 r = MUL_ADD(k, -0.693359375f, c);
                r = MUL_ADD(k, 2.12194440e-4f, r);
                f32 p = MUL_ADD(r, 1.0f / 5040, 1.0f / 720);
                p = MUL_ADD(p, r, 1.0f / 120);
                p = MUL_ADD(p, r, 1.0f / 24);
                p = MUL_ADD(p, r, 1.0f / 6);
                p = MUL_ADD(p, r, 0.5f);
                p = MUL_ADD(p, r, 1.0f);
                p = MUL_ADD(p, r, 1.0f);
                f32 v = p * F32_BITS((BITS_F32(t) + 127) << 23);
                return x != x ? x : x < -87.0f ? 0 : v;
            }
            """;

    private static Text integer(String base, String type) {
        String unsigned = "u" + type.substring(1);
        String bits = type.substring(1);
        UnaryOperator<String> fill = s -> s.replace("UNSIGNED", unsigned).replace("BITS", bits).replace("T", type);
        return switch (base) {
            case "div" -> new Text(List.of(), fill.apply("""
                    DEVICE T div_T(T a, T b) {
                        return b == 0 ? 0 : b == -1 ? (T)(0 - (UNSIGNED)a) : a / b;
                    }
                    """));
            case "rem" -> new Text(List.of(), fill.apply("""
                    DEVICE T rem_T(T a, T b) {
                        return b == 0 || b == -1 ? 0 : a % b;
                    }
                    """));
            case "floor_div" -> new Text(List.of("div_" + type, "rem_" + type), fill.apply("""
                    DEVICE T floor_div_T(T a, T b) {
                        T r = rem_T(a, b);
                        return div_T(a, b) - (r != 0 && (r < 0) != (b < 0) ? 1 : 0);
                    }
                    """));
            case "mod" -> new Text(List.of("rem_" + type), fill.apply("""
                    DEVICE T mod_T(T a, T b) {
                        T r = rem_T(a, b);
                        return r != 0 && (r < 0) != (b < 0) ? r + b : r;
                    }
                    """));
            case "pow" -> new Text(List.of(), fill.apply("""
                    DEVICE T pow_T(T a, T b) {
                        if (b < 0) {
                            return a == 1 ? 1 : a == -1 ? ((b & 1) == 0 ? 1 : -1) : 0;
                        }
                        UNSIGNED r = 1, base = (UNSIGNED)a, e = (UNSIGNED)b;
                        for (; e != 0; e >>= 1) {
                            r *= (e & 1) != 0 ? base : 1;
                            base *= base;
                        }
                        return (T)r;
                    }
                    """));
            case "shl" -> new Text(List.of(), fill.apply("""
                    DEVICE T shl_T(T a, T b) {
                        return b < 0 || b >= BITS ? 0 : (T)((UNSIGNED)a << (b & (BITS - 1)));
                    }
                    """));
            case "shr" -> new Text(List.of(), fill.apply("""
                    DEVICE T shr_T(T a, T b) {
                        return b < 0 || b >= BITS ? (a < 0 ? -1 : 0) : a >> (b & (BITS - 1));
                    }
                    """));
            case "max" -> new Text(List.of(), fill.apply("DEVICE T max_T(T a, T b) {\n    return a > b ? a : b;\n}\n"));
            case "min" -> new Text(List.of(), fill.apply("DEVICE T min_T(T a, T b) {\n    return a < b ? a : b;\n}\n"));
            default -> fromFloating(base, type);
        };
    }

    /// `f32_to_i32` and its like: truncates, NaN becomes 0, values out of range saturate.
    private static Text fromFloating(String base, String type) {
        String from = base.substring(0, 3);
        String top = type.equals("i32") ? "2147483648.0" : "9223372036854775808.0";
        String suffix = from.equals("f32") ? "f" : "";
        String max = type.equals("i32") ? "2147483647" : "9223372036854775807L";
        String min = "(-" + max + " - 1)";
        return new Text(List.of(), """
                DEVICE T F_to_T(F x) {
                    return x != x ? 0 : x >= TOP ? MAX : x < -TOP ? MIN : (T)x;
                }
                """.replace("TOP", top + suffix).replace("MAX", max).replace("MIN", min).replace("F_", from + "_")
                .replace("(F ", "(" + from + " ").replace("T", type));
    }

    private static Text floating(String base, String type, DeviceTraits traits) {
        UnaryOperator<String> fill = s -> s.replace("T", type);
        if (CpuFunctions.has(base, traits) && (type.equals("f32") || base.startsWith("wide_")
                || base.equals("reduced_angle"))) {
            return CpuFunctions.text(base);
        }
        boolean throughDouble = type.equals("f32") && traits.doubles() && SpecialFunctions.has(base);
        if (throughDouble) {
            // Special functions cancel near their zeros: computed in double precision where the device has it.
            return new Text(List.of(base + "_f64"), "DEVICE f32 " + base + "_f32(f32 x) {\n    return (f32)" + base
                    + "_f64((f64)x);\n}\n");
        }
        if (SpecialFunctions.has(base)) {
            return SpecialFunctions.text(base, type);
        }
        return switch (base) {
            case "max" -> new Text(List.of(), fill.apply("""
                    DEVICE T max_T(T a, T b) {
                        return a != a || b != b ? a + b : a > b ? a : b;
                    }
                    """));
            case "min" -> new Text(List.of(), fill.apply("""
                    DEVICE T min_T(T a, T b) {
                        return a != a || b != b ? a + b : a < b ? a : b;
                    }
                    """));
            case "sign" -> new Text(List.of(), fill.apply("""
                    DEVICE T sign_T(T x) {
                        return x > 0 ? (T)1 : x < 0 ? (T)-1 : x;
                    }
                    """));
            case "mod" -> new Text(List.of(), fill.apply("""
                    DEVICE T mod_T(T a, T b) {
                        T r = fmod(a, b);
                        return r != 0 && (r < 0) != (b < 0) ? r + b : r;
                    }
                    """));
            case "floor_div" -> new Text(List.of(), fill.apply("""
                    DEVICE T floor_div_T(T a, T b) {
                        if (b == 0) {
                            return a / b;
                        }
                        T r = fmod(a, b);
                        T q = (a - r) / b;
                        if (r != 0 && (b < 0) != (r < 0)) {
                            q -= 1;
                        }
                        if (q == 0) {
                            return copysign((T)0, a / b);
                        }
                        T f = floor(q);
                        return q - f > (T)0.5 ? f + 1 : f;
                    }
                    """));
            case "sigmoid" -> new Text(List.of(), fill.apply("""
                    DEVICE T sigmoid_T(T x) {
                        T e = exp(-fabs(x));
                        return x < 0 ? e / (1 + e) : 1 / (1 + e);
                    }
                    """));
            case "softplus" -> new Text(List.of(), fill.apply("""
                    DEVICE T softplus_T(T x) {
                        return (x > 0 ? x : (T)0) + log1p(exp(-fabs(x)));
                    }
                    """));
            case "exp_below" -> new Text(List.of(), type.equals("f32") ? EXP_BELOW : """
                    DEVICE f64 exp_below_f64(f64 x) {
                        return exp(x);
                    }
                    """);
            default -> throw new IllegalArgumentException("no helper " + base + "_" + type);
        };
    }
}
