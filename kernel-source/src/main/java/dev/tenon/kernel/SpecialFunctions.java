package dev.tenon.kernel;

import java.util.List;
import java.util.Set;

/// Special functions that languages for kernels lack, or have without a bound on their error.
final class SpecialFunctions {
    private static final Set<String> NAMES = Set.of("erfinv", "lgam", "digamma", "trigamma", "sinpix", "stirling");

    private SpecialFunctions() {}

    static boolean has(String base) {
        return NAMES.contains(base);
    }

    static Helpers.Text text(String base, String type) {
        return switch (base) {
            case "erfinv" -> fill(type, List.of(), ERFINV);
            case "lgam" -> fill(type, List.of("sinpix_" + type, "stirling_" + type), LGAMMA);
            case "digamma" -> fill(type, List.of(), DIGAMMA);
            case "trigamma" -> fill(type, List.of("sinpix_" + type), TRIGAMMA);
            case "sinpix" -> fill(type, List.of(), SINPI);
            default -> fill(type, List.of(), STIRLING);
        };
    }

    private static Helpers.Text fill(String type, List<String> needs, String text) {
        return new Helpers.Text(needs, text.replace("REAL", type));
    }

    /// Giles' approximation ("Approximating the erfinv function", 2012), then two steps of Halley's method.
    private static final String ERFINV = """
            DEVICE REAL erfinv_REAL(REAL y) {
                REAL a = fabs(y);
                if (!(a < 1)) {
                    return a == 1 ? copysign((REAL)INFINITY, y) : (REAL)NAN;
                }
                REAL w = -log((1 - a) * (1 + a));
                REAL x;
                if (w < 5) {
                    REAL t = w - (REAL)2.5;
                    x = a * ((REAL)1.50140941 + t * ((REAL)0.246640727 + t * ((REAL)-0.00417768164
                        + t * ((REAL)-0.00125372503 + t * (REAL)0.000218580870))));
                } else {
                    REAL t = sqrt(w) - 3;
                    x = a * ((REAL)2.83297682 + t * ((REAL)1.00167406 + t * ((REAL)0.00943887047
                        + t * ((REAL)-0.0076224613 + t * (REAL)0.00573950773))));
                }
                for (int i = 0; i < 3; i++) {
                    REAL e = a < (REAL)0.5 ? erf(x) - a : (1 - a) - erfc(x);
                    REAL step = e / ((REAL)1.1283791670955126 * exp(-x * x));
                    x -= step / (1 + x * step);
                }
                return copysign(x, y);
            }
            """;

    /// sin(pi x), exact at the zeros.
    private static final String SINPI = """
            DEVICE REAL sinpix_REAL(REAL x) {
                REAL r = x - 2 * floor(x / 2);
                return r > 1 ? -sin((REAL)3.141592653589793 * (r - 1)) : sin((REAL)3.141592653589793 * r);
            }
            """;

    /// log gamma of numbers of one half or more: Stirling's series after shifting the argument up.
    private static final String STIRLING = """
            DEVICE REAL stirling_REAL(REAL x) {
                REAL shift = 1;
                REAL z = x;
                for (; z < 15; z += 1) {
                    shift *= z;
                }
                REAL i = 1 / (z * z);
                REAL s = ((REAL)(1.0 / 12) - i * ((REAL)(1.0 / 360) - i * ((REAL)(1.0 / 1260)
                    - i * ((REAL)(1.0 / 1680) - i * (REAL)(1.0 / 1188))))) / z;
                REAL l = log(z);
                return l == (REAL)INFINITY ? l
                    : (z - (REAL)0.5) * l - z + (REAL)0.9189385332046727 + s - log(shift);
            }
            """;

    private static final String LGAMMA = """
            DEVICE REAL lgam_REAL(REAL x) {
                if (x != x) {
                    return x;
                }
                if (fabs(x) == (REAL)INFINITY || (x <= 0 && x == floor(x))) {
                    return (REAL)INFINITY;
                }
                return x < (REAL)0.5
                    ? (REAL)1.1447298858494002 - log(fabs(sinpix_REAL(x))) - stirling_REAL(1 - x)
                    : stirling_REAL(x);
            }
            """;

    /// The asymptotic series after shifting the argument up; reflection for negative arguments.
    private static final String DIGAMMA = """
            DEVICE REAL digamma_REAL(REAL x) {
                if (x == 0) {
                    return copysign((REAL)INFINITY, -x);
                }
                if (x != x || (x < 0 && x == floor(x))) {
                    return (REAL)NAN;
                }
                REAL sum = 0;
                REAL z = x;
                if (x < 0) {
                    sum = (REAL)-3.141592653589793 / tan((REAL)3.141592653589793 * (x - floor(x)));
                    z = 1 - x;
                }
                for (; z < 15; z += 1) {
                    sum -= 1 / z;
                }
                REAL i = 1 / (z * z);
                REAL s = i * ((REAL)(1.0 / 12) - i * ((REAL)(1.0 / 120) - i * ((REAL)(1.0 / 252)
                    - i * ((REAL)(1.0 / 240) - i * (REAL)(1.0 / 132)))));
                return z == (REAL)INFINITY ? z : sum + log(z) - (REAL)0.5 / z - s;
            }
            """;

    private static final String TRIGAMMA = """
            DEVICE REAL trigamma_REAL(REAL x) {
                REAL sign = 1;
                REAL sum = 0;
                REAL z = x;
                if (x < (REAL)0.5) {
                    REAL s = sinpix_REAL(x);
                    sum = (REAL)-9.869604401089358 / (s * s);
                    z = 1 - x;
                    sign = -1;
                }
                for (; z < 15; z += 1) {
                    sum += 1 / (z * z);
                }
                REAL i = 1 / (z * z);
                REAL s = i * ((REAL)(1.0 / 6) - i * ((REAL)(1.0 / 30) - i * ((REAL)(1.0 / 42)
                    - i * ((REAL)(1.0 / 30) - i * (REAL)(5.0 / 66))))) / z;
                return sign * (sum + 1 / z + i / 2 + s);
            }
            """;
}
