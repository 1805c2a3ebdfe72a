package dev.tenon.kernel;

import java.util.List;
import java.util.Map;

/// Functions of floats for devices that are CPUs, without branches and calls, so that compilers turn loops over them
/// into vectors; the libraries of such devices compute one number at a time. Most go through doubles, of which a
/// float's worth of digits is wanted: a few units in the 30th bit are lost, and rounding to float hides them.
///
/// Arguments are reduced as usual (Muller, Elementary Functions, 3rd ed., 2016). Special values are C99's.
final class CpuFunctions {
    private static final Map<String, Helpers.Text> TEXTS = Map.ofEntries(
            text("erf", """
                    DEVICE f32 erf_f32(f32 x) {
                        f32 a = fabs(x);
                        a = a > 4.0f ? 4.0f : a;
                        f32 s = a * a;
                        f32 q = MUL_ADD(a, -1.72853470e-5f, 3.83197126e-4f);
                        f32 u = MUL_ADD(a, -3.88396438e-3f, 2.42546219e-2f);
                        q = MUL_ADD(q, s, u);
                        q = MUL_ADD(q, a, -1.06777877e-1f);
                        q = MUL_ADD(q, a, -6.34846687e-1f);
                        q = MUL_ADD(q, a, -1.28717512e-1f);
                        q = MUL_ADD(q, a, -a);
                        f32 far = 1.0f - exp_below_f32(q);
                        f32 p = MUL_ADD(s, -5.96761703e-4f, 4.99119423e-3f);
                        p = MUL_ADD(p, s, -2.67681349e-2f);
                        p = MUL_ADD(p, s, 1.12819925e-1f);
                        p = MUL_ADD(p, s, -3.76125336e-1f);
                        p = MUL_ADD(p, s, 1.28379166e-1f);
                        f32 near = MUL_ADD(p, x, x);
                        return a > 0.927734375f ? copysign(far, x) : near;
                    }
                    """, "exp_below_f32"),
            // 2^n e^r with |r| <= ln 2 / 2. The factor comes in two halves, so that nothing overflows early and
            // subnormal results are rounded once.
            text("exp", """
                    DEVICE f32 exp_f32(f32 x) {
                        f32 c = x > 89.0f ? 89.0f : x;
                        c = c < -104.0f ? -104.0f : c;
                        f32 t = MUL_ADD(c, 1.442695041f, 0x1.8p23f);
                        f32 k = t - 0x1.8p23f;
                        f32 r = MUL_ADD(k, -0.693145752f, c);
                        r = MUL_ADD(k, -1.42860677e-6f, r);
                        f32 p = MUL_ADD(r, 1.37805939e-3f, 8.37312452e-3f);
                        p = MUL_ADD(p, r, 4.16695364e-2f);
                        p = MUL_ADD(p, r, 1.66664720e-1f);
                        p = MUL_ADD(p, r, 4.99999851e-1f);
                        p = MUL_ADD(p, r, 1.0f);
                        p = MUL_ADD(p, r, 1.0f);
                        i32 n = (i32)BITS_F32(t) - 0x4B400000;
                        i32 h = n >> 1;
                        return p * F32_BITS((u32)(h + 127) << 23) * F32_BITS((u32)(n - h + 127) << 23);
                    }
                    """),
            text("sigmoid", """
                    DEVICE f32 sigmoid_f32(f32 x) {
                        f32 e = exp_f32(-fabs(x));
                        return (x < 0 ? e : 1.0f) / (1.0f + e);
                    }
                    """, "exp_f32"),
            text("tanh", """
                    DEVICE f32 tanh_f32(f32 x) {
                        f32 a = fabs(x);
                        f32 c = a > 10.0f ? 10.0f : a;
                        f32 e = exp_below_f32(-2.0f * c);
                        f32 far = 1.0f - (e + e) / (1.0f + e);
                        f32 z = c * c;
                        f32 p = MUL_ADD(z, 0.0022927448f, -0.008343945f);
                        p = MUL_ADD(p, z, 0.021768918f);
                        p = MUL_ADD(p, z, -0.053959258f);
                        p = MUL_ADD(p, z, 0.13333304f);
                        p = MUL_ADD(p, z, -0.33333334f);
                        f32 near = MUL_ADD(p, z * c, c);
                        return copysign(a >= 0.625f ? far : near, x);
                    }
                    """, "exp_below_f32"),
            // ln x of a positive, normal x = 2^e m with m between the roots of 1/2 and 2: with r = (m - 1) / (m + 1),
            // ln m = 2 (r + r^3 / 3 + r^5 / 5 + ...).
            text("wide_ln", """
                    DEVICE f64 wide_ln_f64(f64 x) {
                        i64 bits = (i64)BITS_F64(x);
                        i64 e = (bits - 0x3fe6a09e667f3bcdL) >> 52;
                        f64 m = F64_BITS((u64)bits - ((u64)e << 52));
                        f64 r = (m - 1) / (m + 1);
                        f64 s = r * r;
                        f64 p = MUL_ADD(s, 1.0 / 17, 1.0 / 15);
                        p = MUL_ADD(p, s, 1.0 / 13);
                        p = MUL_ADD(p, s, 1.0 / 11);
                        p = MUL_ADD(p, s, 1.0 / 9);
                        p = MUL_ADD(p, s, 1.0 / 7);
                        p = MUL_ADD(p, s, 1.0 / 5);
                        p = MUL_ADD(p, s, 1.0 / 3);
                        p = MUL_ADD(p, s, 1.0);
                        return MUL_ADD((f64)(i32)e, 0.6931471805599453, p * (r + r));
                    }
                    """),
            // ln (1 + x) for x > -1.
            text("wide_ln1p", """
                    DEVICE f64 wide_ln1p_f64(f64 x) {
                        f64 u = 1 + x;
                        return wide_ln_f64(u) + (x - (u - 1));
                    }
                    """, "wide_ln_f64"),
            // e^x - less for |x| <= 150, where `less` is 0 or 1: with x = k ln 2 + r it is
            // 2^k (e^r - 1) + (2^k - less). Adding 1.5 * 2^52 rounds to an integer, which then stands in the low bits.
            text("wide_exp", """
                    DEVICE f64 wide_exp_f64(f64 x, f64 less) {
                        f64 c = x > 150 ? 150 : x;
                        c = c < -150 ? -150 : c;
                        f64 t = MUL_ADD(c, 1.4426950408889634, 0x1.8p52);
                        f64 k = t - 0x1.8p52;
                        f64 r = MUL_ADD(k, -0.6931471805599453, c);
                        f64 q = MUL_ADD(r, 1.0 / 362880, 1.0 / 40320);
                        q = MUL_ADD(q, r, 1.0 / 5040);
                        q = MUL_ADD(q, r, 1.0 / 720);
                        q = MUL_ADD(q, r, 1.0 / 120);
                        q = MUL_ADD(q, r, 1.0 / 24);
                        q = MUL_ADD(q, r, 1.0 / 6);
                        q = MUL_ADD(q, r, 0.5);
                        q = MUL_ADD(q, r * r, r);
                        f64 s = F64_BITS((BITS_F64(t) + 1023) << 52);
                        return MUL_ADD(s, q, s - less);
                    }
                    """),
            text("expm1", """
                    DEVICE f32 expm1_f32(f32 x) {
                        f32 v = (f32)wide_exp_f64(x, 1);
                        return x == 0 ? x : v;
                    }
                    """, "wide_exp_f64"),
            text("sinh", """
                    DEVICE f32 sinh_f32(f32 x) {
                        f64 u = wide_exp_f64(fabs(x), 1);
                        return copysign((f32)(0.5 * (u + u / (u + 1))), x);
                    }
                    """, "wide_exp_f64"),
            text("cosh", """
                    DEVICE f32 cosh_f32(f32 x) {
                        f64 e = wide_exp_f64(fabs(x), 0);
                        return (f32)(0.5 * (e + 1 / e));
                    }
                    """, "wide_exp_f64"),
            text("softplus", """
                    DEVICE f32 softplus_f32(f32 x) {
                        f64 v = wide_ln1p_f64(wide_exp_f64(-fabs(x), 0)) + (x > 0 ? x : 0.0f);
                        return x != x ? x : (f32)v;
                    }
                    """, "wide_exp_f64", "wide_ln1p_f64"),
            // What the logarithm of x is, given one that is right for positive finite numbers.
            text("log_ends", """
                    DEVICE f32 log_ends_f32(f32 x, f64 y) {
                        f32 v = (f32)y;
                        v = x == (f32)INFINITY ? x : v;
                        v = x == 0 ? -(f32)INFINITY : v;
                        return x >= 0 ? v : (f32)NAN;
                    }
                    """),
            logarithm("log", "wide_ln_f64(x)"),
            logarithm("log2", "wide_ln_f64(x) * 1.4426950408889634"),
            logarithm("log10", "wide_ln_f64(x) * 0.4342944819032518"),
            text("log1p", """
                    DEVICE f32 log1p_f32(f32 x) {
                        f32 v = log_ends_f32(1 + x, wide_ln1p_f64(x));
                        return fabs(x) < 0x1p-25f ? x : v;
                    }
                    """, "wide_ln_f64", "wide_ln1p_f64", "log_ends_f32"),
            text("pow", """
                    DEVICE f32 pow_f32(f32 a, f32 b) {
                        f32 m = fabs(a);
                        f64 l = wide_ln_f64(m);
                        l = m == 0 ? -(f64)INFINITY : l;
                        l = m == (f32)INFINITY ? (f64)INFINITY : l;
                        l = m != m ? (f64)m : l;
                        f32 v = (f32)wide_exp_f64(l * b, 0);
                        f32 c = fabs(b) < 0x1p24f ? fabs(b) : 0x1p24f;
                        i32 i = (i32)c;
                        bool whole = ((f32)i == c) & (b == b);
                        bool odd = whole & ((i & 1) != 0);
                        v = odd ? copysign(v, a) : v;
                        bool unreal = (a < 0) & (m < (f32)INFINITY) & !whole;
                        v = unreal ? (f32)NAN : v;
                        bool one = (a == 1) | (b == 0) | ((a == -1) & (fabs(b) == (f32)INFINITY));
                        return one ? 1.0f : v;
                    }
                    """, "wide_ln_f64", "wide_exp_f64"),
            // x / (2 pi) = n / 4 + r / (2 pi) with |r| <= pi / 4, for all x >= 0: 96 bits of 1 / (2 pi), from where the
            // exponent of x makes them count, times its 24 digits (Payne and Hanek, 1983). `q` becomes n modulo 4.
            text("reduced_angle", """
                    DEVICE f64 reduced_angle_f64(f32 x, i32* q) {
                        const u32 words[8] = {0, 0x28BE60DBu, 0x9391054Au, 0x7F09D5F4u, 0x7D4D3770u, 0x36D8A566u,
                            0x4F10E410u, 0x7F9458EAu};
                        u32 bits = BITS_F32(x);
                        i32 e = (i32)(bits >> 23) - 150;
                        u32 start = (u32)((e < -24 ? -24 : e) + 32);
                        u32 i = start >> 5;
                        u32 s = start & 31;
                        u64 m = (bits & 0x7fffffu) | 0x800000u;
                        u64 w1 = words[i + 1], w2 = words[i + 2];
                        u64 high = (((u64)words[i] << 32 | w1) << s) >> 32;
                        u64 middle = ((w1 << 32 | w2) << s) >> 32;
                        u64 low = ((w2 << 32 | (u64)words[i + 3]) << s) >> 32;
                        u64 f = ((m * high) << 32) + m * middle + ((m * low) >> 32);
                        u64 n = (f + 0x2000000000000000UL) >> 62;
                        bool near = x < 0.78539816f;
                        *q = near ? 0 : (i32)n;
                        return near ? (f64)x : (f64)(i64)(f - (n << 62)) * 3.4061215800304e-19;
                    }
                    """),
            text("wide_sin", """
                    DEVICE f64 wide_sin_f64(f64 r) {
                        f64 z = r * r;
                        f64 p = MUL_ADD(z, 1.0 / 6227020800, -1.0 / 39916800);
                        p = MUL_ADD(p, z, 1.0 / 362880);
                        p = MUL_ADD(p, z, -1.0 / 5040);
                        p = MUL_ADD(p, z, 1.0 / 120);
                        p = MUL_ADD(p, z, -1.0 / 6);
                        return MUL_ADD(p * z, r, r);
                    }
                    """),
            text("wide_cos", """
                    DEVICE f64 wide_cos_f64(f64 r) {
                        f64 z = r * r;
                        f64 p = MUL_ADD(z, 1.0 / 479001600, -1.0 / 3628800);
                        p = MUL_ADD(p, z, 1.0 / 40320);
                        p = MUL_ADD(p, z, -1.0 / 720);
                        p = MUL_ADD(p, z, 1.0 / 24);
                        p = MUL_ADD(p, z, -0.5);
                        return MUL_ADD(p, z, 1.0);
                    }
                    """),
            text("sin", """
                    DEVICE f32 sin_f32(f32 x) {
                        i32 q;
                        f64 r = reduced_angle_f64(fabs(x), &q);
                        f32 v = (f32)((q & 1) != 0 ? wide_cos_f64(r) : wide_sin_f64(r));
                        v = (q & 2) != 0 ? -v : v;
                        v = BITS_F32(x) >> 31 != 0 ? -v : v;
                        return fabs(x) < (f32)INFINITY ? v : (f32)NAN;
                    }
                    """, "reduced_angle_f64", "wide_sin_f64", "wide_cos_f64"),
            text("cos", """
                    DEVICE f32 cos_f32(f32 x) {
                        i32 q;
                        f64 r = reduced_angle_f64(fabs(x), &q);
                        f32 v = (f32)((q & 1) != 0 ? wide_sin_f64(r) : wide_cos_f64(r));
                        v = ((q + 1) & 2) != 0 ? -v : v;
                        return fabs(x) < (f32)INFINITY ? v : (f32)NAN;
                    }
                    """, "reduced_angle_f64", "wide_sin_f64", "wide_cos_f64"),
            text("tan", """
                    DEVICE f32 tan_f32(f32 x) {
                        i32 q;
                        f64 r = reduced_angle_f64(fabs(x), &q);
                        f64 s = wide_sin_f64(r), c = wide_cos_f64(r);
                        f32 v = (f32)(((q & 1) != 0 ? -c : s) / ((q & 1) != 0 ? s : c));
                        v = BITS_F32(x) >> 31 != 0 ? -v : v;
                        return fabs(x) < (f32)INFINITY ? v : (f32)NAN;
                    }
                    """, "reduced_angle_f64", "wide_sin_f64", "wide_cos_f64"),
            // The arc tangent of x >= 0: of (x - 1) / (x + 1) and pi / 4 in the middle, of -1 / x and pi / 2 beyond.
            text("wide_atan", """
                    DEVICE f64 wide_atan_f64(f64 x) {
                        bool beyond = x > 2.414213562373095;
                        bool middle = x > 0.4142135623730951;
                        f64 t = (beyond ? -1 : middle ? x - 1 : x) / (beyond ? x : middle ? x + 1 : 1);
                        f64 z = t * t;
                        f64 p = MUL_ADD(z, 1.0 / 25, -1.0 / 23);
                        p = MUL_ADD(p, z, 1.0 / 21);
                        p = MUL_ADD(p, z, -1.0 / 19);
                        p = MUL_ADD(p, z, 1.0 / 17);
                        p = MUL_ADD(p, z, -1.0 / 15);
                        p = MUL_ADD(p, z, 1.0 / 13);
                        p = MUL_ADD(p, z, -1.0 / 11);
                        p = MUL_ADD(p, z, 1.0 / 9);
                        p = MUL_ADD(p, z, -1.0 / 7);
                        p = MUL_ADD(p, z, 1.0 / 5);
                        p = MUL_ADD(p, z, -1.0 / 3);
                        p = MUL_ADD(p * z, t, t);
                        return p + (beyond ? 1.5707963267948966 : middle ? 0.7853981633974483 : 0.0);
                    }
                    """),
            text("atan", """
                    DEVICE f32 atan_f32(f32 x) {
                        return copysign((f32)wide_atan_f64(fabs(x)), x);
                    }
                    """, "wide_atan_f64"),
            text("asin", """
                    DEVICE f32 asin_f32(f32 x) {
                        f64 a = fabs(x);
                        return copysign((f32)wide_atan_f64(a / sqrt((1 - a) * (1 + a))), x);
                    }
                    """, "wide_atan_f64"),
            text("acos", """
                    DEVICE f32 acos_f32(f32 x) {
                        f64 a = x;
                        return (f32)(2 * wide_atan_f64(sqrt((1 - a) / (1 + a))));
                    }
                    """, "wide_atan_f64"));

    private CpuFunctions() {}

    private static Map.Entry<String, Helpers.Text> text(String base, String source, String... needs) {
        return Map.entry(base, new Helpers.Text(List.of(needs), source));
    }

    private static Map.Entry<String, Helpers.Text> logarithm(String base, String value) {
        return text(base, """
                DEVICE f32 NAME_f32(f32 x) {
                    return log_ends_f32(x, VALUE);
                }
                """.replace("NAME", base).replace("VALUE", value), "wide_ln_f64", "log_ends_f32");
    }

    /// Whether a function of floats comes from here on a device. Most go through doubles.
    static boolean has(String base, DeviceTraits traits) {
        return traits.cpu() && traits.doubles() && TEXTS.containsKey(base);
    }

    /// Inlined wherever it is called: a call ends the vector.
    ///
    /// @param base the name without its type
    static Helpers.Text text(String base) {
        Helpers.Text t = TEXTS.get(base);
        return new Helpers.Text(t.needs(), t.source().replace("DEVICE ", "__attribute__((always_inline)) DEVICE "));
    }
}
