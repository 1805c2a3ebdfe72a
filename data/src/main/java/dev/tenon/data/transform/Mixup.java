package dev.tenon.data.transform;

import dev.tenon.data.BatchTransform;
import dev.tenon.data.HostBatch;
import java.util.random.RandomGenerator;

/// Blends every sample of a batch with the one before it (the first with the last), inputs and targets alike: lambda of
/// its own and 1 - lambda of the other, one lambda of Beta(alpha, alpha) for the batch (Zhang et al. 2017). Inputs are
/// `F32`, targets probabilities, as [OneHot] makes them.
///
/// @param alpha above 0; at 1 lambda is uniform, towards 0 samples are less and less blended
public record Mixup(double alpha) implements BatchTransform {
    /// @throws IllegalArgumentException if alpha is not above 0 and finite
    public Mixup {
        if (!(alpha > 0) || Double.isInfinite(alpha)) {
            throw new IllegalArgumentException("Mixup: alpha " + alpha + ": expected a finite number above 0");
        }
    }

    @Override
    public void apply(HostBatch batch, RandomGenerator random) {
        Neighbours.check("Mixup", batch, 0);
        Neighbours.Mix blend = Neighbours.blend(Draws.beta(random, alpha));
        Neighbours.mix(batch, 0, blend);
        Neighbours.mix(batch, 1, blend);
    }
}
