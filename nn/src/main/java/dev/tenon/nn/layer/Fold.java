package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Transposed;
import java.util.List;
import java.util.stream.IntStream;

/// Columns put together to images, values of overlapping windows added: `[n, c positions, windows]` to
/// `[n, c, height, width]`, with or without n.
public final class Fold extends Module {
    private final List<Integer> outputSize;
    private final List<Integer> kernelSize;
    private final ConvOptions options;

    /// @param outputSize height and width, one number or two
    /// @param kernelSize positions in a window, one number or two
    /// @param options stride, padding and dilation
    public Fold(int[] outputSize, int[] kernelSize, ConvOptions options) {
        this.outputSize = IntStream.of(outputSize).boxed().toList();
        this.kernelSize = IntStream.of(kernelSize).boxed().toList();
        this.options = options;
    }

    @Override
    public Tensor forward(Tensor columns) {
        return Transposed.fold(columns, outputSize, kernelSize, options);
    }

    @Override
    protected String settings() {
        return "outputSize=" + outputSize + ", kernelSize=" + kernelSize + ", " + options.text();
    }
}
