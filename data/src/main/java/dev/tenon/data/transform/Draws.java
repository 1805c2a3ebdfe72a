package dev.tenon.data.transform;

import java.util.random.RandomGenerator;

/// Random numbers of the distributions that transforms need, made from the generator's bits by rules that do not depend
/// on the Java release.
final class Draws {
    private Draws() {
    }

    static void checkProbability(String transform, double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException(transform + ": probability " + p + ": expected 0 to 1");
        }
    }

    static void checkRange(String transform, String what, double low, double high, double least) {
        if (!(low >= least && low <= high) || Double.isInfinite(high)) {
            throw new IllegalArgumentException(transform + ": " + what + " from " + low + " to " + high
                + ": expected finite numbers in order" + (least > Double.NEGATIVE_INFINITY ? ", from " + least : ""));
        }
    }

    /// Uniform from low to high.
    static double uniform(RandomGenerator random, double low, double high) {
        return low + (high - low) * random.nextDouble();
    }

    /// Uniform in 0 .. bound-1.
    static int below(RandomGenerator random, int bound) {
        return (int) (random.nextDouble() * bound);
    }

    /// Mean 0, deviation 1 (Box and Muller).
    static double normal(RandomGenerator random) {
        double u = 1 - random.nextDouble();
        return StrictMath.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(2 * Math.PI * random.nextDouble());
    }

    /// Beta(alpha, alpha), as the share of one of two gamma variates.
    static double beta(RandomGenerator random, double alpha) {
        double a = logGamma(random, alpha);
        double b = logGamma(random, alpha);
        return 1 / (1 + StrictMath.exp(b - a));
    }

    /// The logarithm of a Gamma(shape, 1) variate (Marsaglia and Tsang 2000): small shapes' variates underflow.
    private static double logGamma(RandomGenerator random, double shape) {
        if (shape < 1) {
            double u = 1 - random.nextDouble();
            return logGamma(random, shape + 1) + StrictMath.log(u) / shape;
        }
        double d = shape - 1 / 3.0;
        double c = 1 / StrictMath.sqrt(9 * d);
        while (true) {
            double x = normal(random);
            double v = 1 + c * x;
            if (v > 0) {
                double logCube = 3 * StrictMath.log(v);
                double u = 1 - random.nextDouble();
                if (StrictMath.log(u) < 0.5 * x * x + d - d * v * v * v + d * logCube) {
                    return StrictMath.log(d) + logCube;
                }
            }
        }
    }
}
