package dev.tenon.onnx;

/// How an axis is resized: where each element of the result lies in the original, and what it is made of.
///
/// @param mode `nearest`, `linear` or `cubic`
/// @param coordinates ONNX's `coordinate_transformation_mode`
/// @param rounding ONNX's `nearest_mode`
/// @param a the coefficient of cubic interpolation (Keys, 1981)
/// @param excludesOutside whether what lies outside has no weight, instead of being the element at the edge
/// @param antialias whether reducing averages over all the elements that a result covers
record Resampling(String mode, String coordinates, String rounding, double a, boolean excludesOutside,
        boolean antialias) {
    Resampling {
        switch (mode) {
            case "nearest", "linear", "cubic" -> { }
            default -> throw new IllegalArgumentException("mode \"" + mode
                    + "\": expected nearest, linear or cubic");
        }
    }

    boolean isNearest() {
        return mode.equals("nearest");
    }

    /// The positions in the original of `m` elements of the result.
    ///
    /// @param n the extent of the original
    /// @param start where the part of the original begins that is taken, of 1
    /// @param end where it ends
    double[] places(int m, int n, double scale, double start, double end) {
        double[] p = new double[m];
        double exact = n * scale;
        for (int i = 0; i < m; i++) {
            p[i] = switch (coordinates) {
                case "half_pixel" -> (i + 0.5) / scale - 0.5;
                case "half_pixel_symmetric" -> n / 2.0 * (1 - m / exact) + (i + 0.5) / scale - 0.5;
                case "pytorch_half_pixel" -> m == 1 ? -0.5 : (i + 0.5) / scale - 0.5;
                case "align_corners" -> exact == 1 ? 0 : i * (n - 1) / (exact - 1);
                case "asymmetric" -> i / scale;
                case "tf_half_pixel_for_nn" -> (i + 0.5) / scale;
                case "tf_crop_and_resize" -> m == 1 ? (end - start) * (n - 1) / 2
                        : start * (n - 1) + i * (end - start) * (n - 1) / (m - 1);
                default -> throw new IllegalArgumentException("coordinate_transformation_mode \"" + coordinates
                        + "\" is unknown");
            };
        }
        return p;
    }

    /// The elements nearest to the places.
    long[] nearest(double[] places, int n) {
        long[] at = new long[places.length];
        for (int i = 0; i < at.length; i++) {
            double p = places[i];
            double r = switch (rounding) {
                case "round_prefer_floor" -> Math.ceil(p - 0.5);
                case "round_prefer_ceil" -> Math.floor(p + 0.5);
                case "floor" -> Math.floor(p);
                case "ceil" -> Math.ceil(p);
                default -> throw new IllegalArgumentException("nearest_mode \"" + rounding + "\" is unknown");
            };
            at[i] = Math.clamp((long) r, 0, n - 1);
        }
        return at;
    }

    /// The weights of the `n` elements in each place's value, row by row.
    double[] weights(double[] places, int n, double scale) {
        double[] w = new double[Math.multiplyExact(places.length, n)];
        double stretch = antialias ? Math.min(scale, 1) : 1;
        double reach = (mode.equals("linear") ? 1 : 2) / stretch;
        for (int i = 0; i < places.length; i++) {
            double p = places[i];
            double sum = 0;
            int from = (int) Math.ceil(p - reach);
            int to = (int) Math.floor(p + reach);
            for (int pass = 0; pass < 2; pass++) {
                for (int k = from; k <= to; k++) {
                    boolean outside = k < 0 || k >= n;
                    double f = outside && excludesOutside ? 0 : kernel(Math.abs((k - p) * stretch));
                    if (pass == 0) {
                        sum += f;
                    } else {
                        w[i * n + Math.clamp(k, 0, n - 1)] += f / sum;
                    }
                }
            }
        }
        return w;
    }

    private double kernel(double d) {
        if (mode.equals("linear")) {
            return Math.max(0, 1 - d);
        }
        return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
    }
}
