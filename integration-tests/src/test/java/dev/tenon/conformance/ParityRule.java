package dev.tenon.conformance;

import dev.tenon.api.DType;
import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;

/// How far numbers may be from the wanted ones: functions of a wanted value and the largest absolute one.
record ParityRule(DoubleBinaryOperator f32, DoubleBinaryOperator f64) {
    /// Whether all numbers are within their tolerance.
    boolean fits(DType dtype, double[] want, double[] got) {
        return want.length == got.length && worst(dtype, want, got) < 0;
    }

    /// The tolerance of each number.
    double[] tolerances(DType dtype, double[] want) {
        double max = largest(want);
        return Arrays.stream(want).map(w -> (dtype == DType.F32 ? f32 : f64).applyAsDouble(w, max)).toArray();
    }

    /// The position of the number that is furthest outside of its tolerance, or -1.
    int worst(DType dtype, double[] want, double[] got) {
        double[] allowed = tolerances(dtype, want);
        int worst = -1;
        double most = 0;
        for (int i = 0; i < want.length; i++) {
            double excess = Math.abs(got[i] - want[i]) - allowed[i];
            // NaN is never within.
            if (!(excess <= most)) {
                worst = i;
                most = excess;
            }
        }
        return worst;
    }

    static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElse(0);
    }
}
