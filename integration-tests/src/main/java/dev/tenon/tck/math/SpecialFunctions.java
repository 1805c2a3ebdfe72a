package dev.tenon.tck.math;

/// Special functions in double precision, by series and continued fractions that are simple rather than fast.
public final class SpecialFunctions {
    private SpecialFunctions() {}

    /// Near 0 by its Taylor series (Abramowitz and Stegun 7.1.6), elsewhere from [#erfc(double)].
    public static double erf(double x) {
        if (Double.isNaN(x) || Math.abs(x) > 6) {
            return Double.isNaN(x) ? x : Math.signum(x);
        }
        if (Math.abs(x) > 2) {
            return Math.copySign(1 - erfcTail(Math.abs(x)), x);
        }
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > Math.abs(sum) * 1e-18 && n < 200; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    /// 1 - erf(x) without cancellation.
    public static double erfc(double x) {
        if (x < 1) {
            return 1 - erf(x);
        }
        return Double.isNaN(x) ? x : erfcTail(x);
    }

    /// The continued fraction (Abramowitz and Stegun 7.1.14), evaluated from far out.
    private static double erfcTail(double x) {
        double f = 0;
        for (int n = 400; n > 0; n--) {
            f = n / 2.0 / (x + f);
        }
        return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + f);
    }

    /// Giles' starting value (2012), then Newton's method on erf or, in the tails, on erfc.
    public static double erfinv(double y) {
        if (Double.isNaN(y) || Math.abs(y) >= 1) {
            return Math.abs(y) == 1 ? Math.copySign(Double.POSITIVE_INFINITY, y) : Double.NaN;
        }
        double a = Math.abs(y);
        double w = -Math.log((1 - a) * (1 + a));
        double x = w < 5 ? a * (1.50140941 + 0.246640727 * (w - 2.5)) : Math.sqrt(w) - 0.3;
        for (int i = 0; i < 60; i++) {
            double error = a < 0.5 ? erf(x) - a : (1 - a) - erfc(x);
            double step = error / (2 / Math.sqrt(Math.PI) * Math.exp(-x * x));
            x -= step / (1 + x * step);
            if (Math.abs(step) <= 1e-16 * Math.abs(x)) {
                break;
            }
        }
        return Math.copySign(x, y);
    }

    /// Stirling's series after shifting the argument up; reflection for arguments below one half.
    public static double lgamma(double x) {
        if (Double.isNaN(x) || Double.isInfinite(x)) {
            return Double.isNaN(x) ? x : Double.POSITIVE_INFINITY;
        }
        if (x <= 0 && x == Math.floor(x)) {
            return Double.POSITIVE_INFINITY;
        }
        if (x < 0.5) {
            return Math.log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x);
        }
        double shift = 1;
        double z = x;
        for (; z < 15; z++) {
            shift *= z;
        }
        double i = 1 / (z * z);
        double series = (1.0 / 12 - i * (1.0 / 360 - i * (1.0 / 1260 - i * (1.0 / 1680 - i / 1188)))) / z;
        return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - Math.log(shift);
    }

    private static double sinPi(double x) {
        double r = x - 2 * Math.floor(x / 2);
        return Math.sin(Math.PI * r);
    }

    /// The asymptotic series after shifting the argument up; reflection for negative arguments.
    public static double digamma(double x) {
        if (x == 0) {
            return Math.copySign(Double.POSITIVE_INFINITY, -x);
        }
        if (Double.isNaN(x) || x < 0 && x == Math.floor(x)) {
            return Double.NaN;
        }
        if (x < 0) {
            double r = x - Math.floor(x);
            return digamma(1 - x) - Math.PI / Math.tan(Math.PI * r);
        }
        double sum = 0;
        double z = x;
        for (; z < 15; z++) {
            sum -= 1 / z;
        }
        double i = 1 / (z * z);
        double series = i * (1.0 / 12 - i * (1.0 / 120 - i * (1.0 / 252 - i * (1.0 / 240 - i / 132))));
        return sum + Math.log(z) - 0.5 / z - series;
    }

    /// The asymptotic series after shifting the argument up; reflection for arguments below one half.
    public static double trigamma(double x) {
        if (x < 0.5) {
            double s = sinPi(x);
            return Math.PI * Math.PI / (s * s) - trigamma(1 - x);
        }
        double sum = 0;
        double z = x;
        for (; z < 15; z++) {
            sum += 1 / (z * z);
        }
        double i = 1 / (z * z);
        double series = i * (1.0 / 6 - i * (1.0 / 30 - i * (1.0 / 42 - i * (1.0 / 30 - i * 5 / 66)))) / z;
        return sum + 1 / z + i / 2 + series;
    }
}
