package dev.tenon.nn.init;

/// By how much deviations of weights are raised to make up for what an activation takes away.
public final class Gain {
    /// For linear layers, convolutions and the sigmoid.
    public static final double LINEAR = 1;
    /// For the sigmoid.
    public static final double SIGMOID = 1;
    /// For the hyperbolic tangent.
    public static final double TANH = 5.0 / 3;
    /// For the rectifier.
    public static final double RELU = Math.sqrt(2);
    /// For the self-normalising exponential unit.
    public static final double SELU = 3.0 / 4;

    private Gain() {}

    /// For the leaky rectifier of the given slope.
    public static double leakyRelu(double slope) {
        return Math.sqrt(2 / (1 + slope * slope));
    }
}
