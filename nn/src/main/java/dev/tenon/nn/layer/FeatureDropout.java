package dev.tenon.nn.layer;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.functional.Dropouts;

/// Dropout of channels, for inputs with or without a batch.
final class FeatureDropout {
    private FeatureDropout() {}

    static Tensor drop(String layer, int axes, Tensor x, double p, boolean training, Generator g) {
        if (x.rank() == axes + 2) {
            return Dropouts.featureDropout(x, p, training, g);
        }
        if (x.rank() == axes + 1) {
            return Dropouts.featureDropout(x.unsqueeze(0), p, training, g).squeeze(0);
        }
        throw new TensorException(layer + ": input " + x.shape() + ": expected [n, c, " + axes
                + " spatial axes], or the same without n");
    }
}
