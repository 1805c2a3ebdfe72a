package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Resizing;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Resizes the spatial axes of `[n, c, spatial...]` to given extents or by given factors.
public final class Upsample extends Module {
    private final List<Integer> size;
    private final double[] factors;
    private final Resizing.Mode mode;
    private final boolean alignCorners;

    private Upsample(List<Integer> size, double[] factors, Resizing.Mode mode, boolean alignCorners) {
        this.size = size;
        this.factors = factors;
        this.mode = mode;
        this.alignCorners = alignCorners;
    }

    /// By a factor, each place taking the element before it.
    public Upsample(double factor) {
        this(List.of(), new double[] {factor}, Resizing.Mode.NEAREST, false);
    }

    /// By factors.
    ///
    /// @param factors one number for all spatial axes or one for each
    /// @param alignCorners whether the centres of the corner elements, instead of their outer edges, stay in place
    public Upsample(double[] factors, Resizing.Mode mode, boolean alignCorners) {
        this(List.of(), factors.clone(), mode, alignCorners);
    }

    /// To extents.
    ///
    /// @param size one number for all spatial axes or one for each
    /// @param alignCorners whether the centres of the corner elements, instead of their outer edges, stay in place
    public Upsample(int[] size, Resizing.Mode mode, boolean alignCorners) {
        this(IntStream.of(size).boxed().toList(), new double[0], mode, alignCorners);
    }

    @Override
    public Tensor forward(Tensor x) {
        return size.isEmpty() ? Resizing.interpolate(x, factors, mode, alignCorners, false)
                : Resizing.interpolate(x, size, mode, alignCorners);
    }

    @Override
    protected String settings() {
        return (size.isEmpty() ? "scaleFactor=" + Arrays.toString(factors) : "size=" + size) + ", mode=" + mode
                + (alignCorners ? ", alignCorners=true" : "");
    }
}
