package dev.tenon.backend.cpu.math;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;

/// The scalar functions for single lanes that are out of the reach of a vector function.
final class LaneByLane {
    private LaneByLane() {}

    /// y, but fn(x) in the given lanes.
    static DoubleVector apply(UnaryFn fn, DoubleVector x, DoubleVector y, VectorMask<Double> lanes) {
        double[] in = x.toArray();
        double[] out = y.toArray();
        for (int i = 0; i < out.length; i++) {
            if (lanes.laneIsSet(i)) {
                out[i] = fn.apply(in[i]);
            }
        }
        return DoubleVector.fromArray(y.species(), out, 0);
    }

    /// z, but fn(x, y) in the given lanes.
    static DoubleVector apply(BinaryFn fn, DoubleVector x, DoubleVector y, DoubleVector z, VectorMask<Double> lanes) {
        double[] first = x.toArray();
        double[] second = y.toArray();
        double[] out = z.toArray();
        for (int i = 0; i < out.length; i++) {
            if (lanes.laneIsSet(i)) {
                out[i] = fn.apply(first[i], second[i]);
            }
        }
        return DoubleVector.fromArray(z.species(), out, 0);
    }
}
