package dev.tenon.backend.cpu.math;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Sums over the lanes of a vector, always in the same order.
///
/// `reduceLanes` leaves the order of additions open: interpreted code adds one after the other, compiled code in
/// pairs. A
/// sum would then depend on when the compiler got to it, and two runs of a program would differ in their last bits.
public final class Lanes {
    private Lanes() {}

    /// The sum of the lanes, from the first to the last.
    public static double sum(FloatVector v) {
        double s = 0;
        for (float lane : v.toArray()) {
            s += lane;
        }
        return s;
    }

    /// The sum of the lanes, from the first to the last.
    public static double sum(DoubleVector v) {
        double s = 0;
        for (double lane : v.toArray()) {
            s += lane;
        }
        return s;
    }
}
