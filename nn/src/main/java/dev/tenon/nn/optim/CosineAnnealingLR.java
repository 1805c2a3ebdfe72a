package dev.tenon.nn.optim;

/// Falls from the full learning rate to `min` along half a cosine in `steps` steps, and rises again the same way if
/// there are more (Loshchilov and Hutter, 2017, without restarts).
///
/// @param steps how many steps it falls
/// @param min the lowest learning rate
public record CosineAnnealingLR(long steps, double min) implements Schedule {
    @Override
    public double lr(long step, double base) {
        return min + (base - min) * (1 + Math.cos(Math.PI * step / steps)) / 2;
    }
}
