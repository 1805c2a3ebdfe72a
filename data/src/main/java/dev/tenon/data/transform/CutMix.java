package dev.tenon.data.transform;

import dev.tenon.api.Shape;
import dev.tenon.data.BatchTransform;
import dev.tenon.data.HostBatch;
import java.util.random.RandomGenerator;

/// Overwrites a rectangle of every image of a batch by that of the one before it (of the first by that of the last);
/// the targets are blended by the share of area (Yun et al. 2019). The rectangle has about 1 - lambda of the area, with
/// one lambda of Beta(alpha, alpha) for the batch, and a random middle. Inputs are `F32` of shape [channels, height,
/// width], targets probabilities, as [OneHot] makes them.
///
/// @param alpha above 0
public record CutMix(double alpha) implements BatchTransform {
    /// @throws IllegalArgumentException if alpha is not above 0 and finite
    public CutMix {
        if (!(alpha > 0) || Double.isInfinite(alpha)) {
            throw new IllegalArgumentException("CutMix: alpha " + alpha + ": expected a finite number above 0");
        }
    }

    @Override
    public void apply(HostBatch batch, RandomGenerator random) {
        Neighbours.check("CutMix", batch, 2);
        Shape shape = batch.fields().getFirst().shape();
        int height = (int) shape.dim(shape.rank() - 2);
        int width = (int) shape.dim(shape.rank() - 1);
        double lambda = Draws.beta(random, alpha);
        int middleX = Draws.below(random, width);
        int middleY = Draws.below(random, height);
        double half = 0.5 * Math.sqrt(1 - lambda);
        int halfX = (int) (half * width);
        int halfY = (int) (half * height);
        int left = Math.max(0, middleX - halfX);
        int right = Math.min(width, middleX + halfX);
        int top = Math.max(0, middleY - halfY);
        int bottom = Math.min(height, middleY + halfY);
        double kept = 1 - (double) (right - left) * (bottom - top) / ((double) width * height);
        Neighbours.mix(batch, 0, (row, other) -> {
            for (int plane = 0; plane < row.length; plane += height * width) {
                for (int y = top; y < bottom; y++) {
                    int at = plane + y * width + left;
                    System.arraycopy(other, at, row, at, right - left);
                }
            }
        });
        Neighbours.mix(batch, 1, Neighbours.blend(kept));
    }
}
