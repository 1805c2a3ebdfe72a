package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// What is added to a convolution's results in blocks of channels and done with them, a part at a time while the
/// cache holds it.
///
/// @param bias the address of one number for each channel, or 0
/// @param sum of images that are added, or 0
/// @param y of the results
/// @param rectified whether what is negative then becomes 0
/// @param after what is done in the end, or null
public record BlockedEpilogue(
        long bias, long sum, long y, boolean rectified, BlockedConvolution.@Nullable After after) {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = S.length();
    private static final long POINT = 4L * LANES;

    /// Points `from` to `to` of a block of channels are computed.
    ///
    /// @param block the number of the block among those of a bias
    /// @param from counted as points lie in memory
    public void apply(int block, long from, long to) {
        FloatVector b = bias == 0 ? FloatVector.zero(S)
                : FloatVector.fromMemorySegment(S, Mem.ALL, bias + block * POINT, ORDER);
        float least = rectified ? 0 : Float.NEGATIVE_INFINITY;
        if (sum != 0) {
            add(y + from * POINT, sum + from * POINT, y + to * POINT, b, least);
        } else if (bias != 0 || rectified) {
            add(y + from * POINT, y + to * POINT, b, least);
        }
        if (after != null) {
            after.apply(from * LANES, to * LANES);
        }
    }

    /// What is negative becomes 0, and NaN stays.
    ///
    /// @param from the address of the first number
    /// @param to after the last one; whole vectors
    public static void rectify(long from, long to) {
        add(from, to, FloatVector.zero(S), 0);
    }

    private static void add(long y, long end, FloatVector bias, float least) {
        FloatVector floor = FloatVector.broadcast(S, least);
        for (long p = y; p < end; p += POINT) {
            FloatVector v = FloatVector.fromMemorySegment(S, Mem.ALL, p, ORDER).add(bias);
            v.blend(floor, v.compare(VectorOperators.LE, floor)).intoMemorySegment(Mem.ALL, p, ORDER);
        }
    }

    private static void add(long y, long sum, long end, FloatVector bias, float least) {
        FloatVector floor = FloatVector.broadcast(S, least);
        long d = sum - y;
        for (long p = y; p < end; p += POINT) {
            FloatVector v = FloatVector.fromMemorySegment(S, Mem.ALL, p, ORDER).add(bias)
                    .add(FloatVector.fromMemorySegment(S, Mem.ALL, p + d, ORDER));
            v.blend(floor, v.compare(VectorOperators.LE, floor)).intoMemorySegment(Mem.ALL, p, ORDER);
        }
    }
}
