package dev.tenon.backend.cpu.math;

/// Functions of doubles that `java.lang.StrictMath` lacks, with C99's special values.
///
/// Errors, against 40-digit values: asinh, acosh, atanh, log2, sigmoid, softplus, erf, erfc under 2 ulp; erfinv
/// under 4 ulp;
/// lgamma and digamma about 1e-14 relative away from their zeros.
public final class ScalarMath {

    private static final double LN2 = 0.6931471805599453;
    private static final double INV_LN2 = 1.4426950408889634;

    private ScalarMath() {}

    public static double log2(double x) {
        if (!(x > 0) || x == Double.POSITIVE_INFINITY) {
            return StrictMath.log(x);
        }
        int e = 0;
        if (x < Double.MIN_NORMAL) {
            x *= 0x1p54;
            e = -54;
        }
        int k = Math.getExponent(x);
        double m = Math.scalb(x, -k);
        if (m > 1.4142135623730951) { // keep the mantissa around 1, so that nothing cancels
            m /= 2;
            k++;
        }
        return (e + k) + StrictMath.log(m) * INV_LN2;
    }

    public static double asinh(double x) {
        double a = Math.abs(x);
        double r;
        if (a < 0x1p-28) {
            return x;
        } else if (a > 0x1p28) {
            r = StrictMath.log(a) + LN2;
        } else if (a > 2) {
            r = StrictMath.log(2 * a + 1 / (Math.sqrt(a * a + 1) + a));
        } else {
            double t = a * a;
            r = StrictMath.log1p(a + t / (1 + Math.sqrt(1 + t)));
        }
        return Math.copySign(r, x);
    }

    public static double acosh(double x) {
        if (x < 1) {
            return Double.NaN;
        } else if (x > 0x1p28) {
            return StrictMath.log(x) + LN2;
        } else if (x > 2) {
            return StrictMath.log(2 * x - 1 / (x + Math.sqrt(x * x - 1)));
        }
        double t = x - 1;
        return StrictMath.log1p(t + Math.sqrt(2 * t + t * t));
    }

    public static double atanh(double x) {
        double a = Math.abs(x);
        if (a < 0x1p-28) {
            return x;
        }
        double r = a < 0.5
                ? 0.5 * StrictMath.log1p(2 * a + 2 * a * a / (1 - a))
                : 0.5 * StrictMath.log1p(2 * a / (1 - a));
        return a > 1 ? Double.NaN : Math.copySign(r, x);
    }

    public static double sigmoid(double x) {
        double e = StrictMath.exp(-Math.abs(x));
        return (x < 0 ? e : 1) / (1 + e);
    }

    public static double softplus(double x) {
        return Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
    }

    /// As C99 has it: `pow(1, y)` is 1 for every y, and `pow(-1, inf)` is 1.
    public static double pow(double x, double y) {
        return x == 1 || (x == -1 && Double.isInfinite(y)) ? 1 : StrictMath.pow(x, y);
    }

    // erf and erfc: the rational approximations of Sun's fdlibm s_erf.c (Copyright 1993 Sun Microsystems; freely
    // distributable).
    private static final double[] PP = {
        1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02,
                -5.77027029648944159157e-03,
        -2.37630166566501626084e-05
    };
    private static final double[] QQ = {
        1, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03,
                1.32494738004321644526e-04,
        -3.96022827877536812320e-06
    };
    private static final double ERX = 8.45062911510467529297e-01;
    private static final double[] PA = {
        -2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01,
                3.18346619901161753674e-01,
        -1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03
    };
    private static final double[] QA = {
        1, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02,
                1.26171219808761642112e-01,
        1.36370839120290507362e-02, 1.19844998467991074170e-02
    };
    private static final double[] RA = {
        -9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01,
                -6.23753324503260060396e+01,
        -1.62396669462573470355e+02, -1.84605092906711035994e+02, -8.12874355063065934246e+01,
                -9.81432934416914548592e+00
    };
    private static final double[] SA = {
        1, 1.96512716674392571292e+01, 1.37657754143519042600e+02, 4.34565877475229228821e+02,
                6.45387271733267880336e+02,
        4.29008140027567833386e+02, 1.08635005541779435134e+02, 6.57024977031928170135e+00, -6.04244152148580987438e-02
    };
    private static final double[] RB = {
        -9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01,
                -1.60636384855821916062e+02,
        -6.37566443368389627722e+02, -1.02509513161107724954e+03, -4.83519191608651397019e+02
    };
    private static final double[] SB = {
        1, 3.03380607434824582924e+01, 3.25792512996573918826e+02, 1.53672958608443695994e+03,
                3.19985821950859553908e+03,
        2.55305040643316442583e+03, 4.74528541206955367215e+02, -2.24409524465858183362e+01
    };

    private static double poly(double[] c, double x) {
        double r = c[c.length - 1];
        for (int i = c.length - 2; i >= 0; i--) {
            r = r * x + c[i];
        }
        return r;
    }

    /// erfc of a >= 1.25, without the cancellation of `1 - erf`.
    private static double erfcTail(double a) {
        double s = 1 / (a * a);
        double q = a < 1 / 0.35 ? poly(RA, s) / poly(SA, s) : poly(RB, s) / poly(SB, s);
        double z = Double.longBitsToDouble(Double.doubleToRawLongBits(a) & 0xffffffff00000000L);
        return StrictMath.exp(-z * z - 0.5625) * StrictMath.exp((z - a) * (z + a) + q) / a;
    }

    public static double erf(double x) {
        double a = Math.abs(x);
        if (!(a < 6)) {
            return Double.isNaN(x) ? x : Math.copySign(1, x);
        }
        if (a < 0.84375) {
            if (a < 0x1p-28) {
                return x + 1.28379167095512586316e-01 * x;
            }
            double z = x * x;
            return x + x * (poly(PP, z) / poly(QQ, z));
        }
        double r = a < 1.25 ? ERX + poly(PA, a - 1) / poly(QA, a - 1) : 1 - erfcTail(a);
        return Math.copySign(r, x);
    }

    public static double erfc(double x) {
        double a = Math.abs(x);
        if (Double.isNaN(x)) {
            return x;
        }
        if (a < 0.84375) {
            if (a < 0x1p-56) {
                return 1 - x;
            }
            double z = x * x;
            double y = poly(PP, z) / poly(QQ, z);
            return x < 0.25 ? 1 - (x + x * y) : 0.5 - (x - 0.5 + x * y);
        }
        if (a < 1.25) {
            double r = poly(PA, a - 1) / poly(QA, a - 1);
            return x >= 0 ? 1 - ERX - r : 1 + (ERX + r);
        }
        if (x < -6) {
            return 2;
        }
        return a > 28 ? 0 : x > 0 ? erfcTail(a) : 2 - erfcTail(a);
    }

    /// The inverse of erf: a rational first guess, then two steps of Halley on whichever of erf and erfc does not
    /// cancel.
    public static double erfinv(double y) {
        double a = Math.abs(y);
        if (!(a < 1)) {
            return a == 1 ? Math.copySign(Double.POSITIVE_INFINITY, y) : Double.NaN;
        }
        if (a < 1e-8) {
            return y * 0.8862269254527580;
        }
        double w = -StrictMath.log((1 - a) * (1 + a));
        double t = 2 / (Math.PI * 0.147) + w * -0.5; // Winitzki's approximation, good to 2e-3
        double x = Math.sqrt(Math.sqrt(t * t + w / 0.147) - t);
        for (int i = 0; i < 3; i++) {
            double err = a < 0.5 ? erf(x) - a : (1 - a) - erfc(x);
            double u = err / (1.1283791670955126 * StrictMath.exp(-x * x));
            x -= u / (1 + x * u);
        }
        return Math.copySign(x, y);
    }

    private static final double[] LANCZOS = {
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
                12.507343278686905,
        -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7
    };

    /// The logarithm of the absolute value of the gamma function.
    public static double lgamma(double x) {
        if (Double.isNaN(x) || Double.isInfinite(x)) {
            return x * x; // both infinities give +infinity
        }
        if (x <= 0 && x == Math.rint(x)) {
            return Double.POSITIVE_INFINITY;
        }
        if (x < 0.5) {
            double s = Math.abs(StrictMath.sin(Math.PI * (x - 2 * Math.rint(x / 2))));
            return StrictMath.log(Math.PI / s) - lgamma(1 - x);
        }
        if (x > 15) { // Stirling: relative error below 1e-16 here
            double z = 1 / (x * x);
            double series = (1.0 / 12
                    + z * (-1.0 / 360 + z * (1.0 / 1260 + z * (-1.0 / 1680
                            + z * (1.0 / 1188 - z * 691.0 / 360360))))) / x;
            return (x - 0.5) * StrictMath.log(x) - x + 0.9189385332046728 + series;
        }
        double d = x - 1;
        if (Math.abs(d) < 1e-3 || Math.abs(d - 1) < 1e-3) { // around its zeros at 1 and 2 Lanczos' logarithms cancel
            double e = Math.abs(d) < 1e-3 ? d : d - 1;
            double one = e * (-0.5772156649015329
                    + e * (0.8224670334241132 + e * (-0.40068563438653143
                            + e * (0.27058080842778454 - e * 0.20738555102867398))));
            return Math.abs(d) < 1e-3 ? one : one + StrictMath.log1p(e);
        }
        double sum = LANCZOS[0];
        for (int i = 1; i < LANCZOS.length; i++) {
            sum += LANCZOS[i] / (d + i);
        }
        double t = d + 7.5;
        return 0.9189385332046728 + (d + 0.5) * StrictMath.log(t) - t + StrictMath.log(sum);
    }

    /// The derivative of lgamma.
    public static double digamma(double x) {
        if (x == 0) {
            return Math.copySign(Double.POSITIVE_INFINITY, -x);
        }
        if (x < 0) {
            double f = x - Math.rint(x);
            return f == 0 || Double.isInfinite(x) ? Double.NaN : digamma(1 - x) - Math.PI / StrictMath.tan(Math.PI * f);
        }
        double shift = 0;
        while (x < 10) {
            shift -= 1 / x;
            x += 1;
        }
        double z = 1 / (x * x);
        double series = z * (1.0 / 12
                - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
        return shift + StrictMath.log(x) - 0.5 / x - series;
    }
}
