package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Transposed;
import java.util.List;
import java.util.stream.IntStream;

/// The windows of images as columns: `[n, c, height, width]` to `[n, c positions, windows]`, with or without n.
public final class Unfold extends Module {
    private final List<Integer> kernelSize;
    private final ConvOptions options;

    /// @param kernelSize positions in a window, one number or two
    /// @param options stride, padding and dilation
    public Unfold(int[] kernelSize, ConvOptions options) {
        this.kernelSize = IntStream.of(kernelSize).boxed().toList();
        this.options = options;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Transposed.unfold(x, kernelSize, options);
    }

    @Override
    protected String settings() {
        return "kernelSize=" + kernelSize + ", " + options.text();
    }
}
