package dev.tenon.data.text;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.data.BatchSource;
import dev.tenon.data.Dataset;
import dev.tenon.data.Field;
import dev.tenon.data.HostArray;
import dev.tenon.data.HostBatch;
import dev.tenon.data.Sample;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;

/// Windows of a text for language models: input `I64` of shape \[length\], the tokens from i * stride on; target, of
/// the same shape, the tokens one further on, each the one that should follow.
public final class TextWindows implements Dataset<Sample>, BatchSource {
    private final long[] tokens;
    private final int length;
    private final int stride;
    private final long size;
    private final List<Field> fields;

    /// @param tokens the text, as [Vocabulary#encode] gives it
    /// @param length tokens in a window
    /// @param stride how far a window lies behind the one before
    /// @throws IllegalArgumentException if length or stride is below 1, or the text is not longer than a window
    public TextWindows(int[] tokens, int length, int stride) {
        if (length < 1 || stride < 1) {
            throw new IllegalArgumentException("windows of " + length + " tokens, " + stride
                + " apart: expected at least 1 each");
        }
        if (tokens.length <= length) {
            throw new IllegalArgumentException("a text of " + tokens.length + " tokens has no window of " + length
                + " and the token that follows; expected at least " + (length + 1L) + " tokens");
        }
        this.tokens = new long[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            this.tokens[i] = tokens[i];
        }
        this.length = length;
        this.stride = stride;
        this.size = (tokens.length - 1L - length) / stride + 1;
        Shape shape = Shape.of(length);
        this.fields = List.of(new Field("input", DType.I64, shape), new Field("target", DType.I64, shape));
    }

    @Override
    public long size() {
        return size;
    }

    private int start(long index) {
        return (int) (Objects.checkIndex(index, size) * stride);
    }

    @Override
    public Sample get(long index) {
        int from = start(index);
        return new Sample(window(from), window(from + 1));
    }

    private HostArray window(int from) {
        long[] out = new long[length];
        System.arraycopy(tokens, from, out, 0, length);
        return HostArray.of(out, Shape.of(length));
    }

    @Override
    public List<Field> fields() {
        return fields;
    }

    @Override
    public void fill(long index, HostBatch into, int row) {
        int from = start(index);
        MemorySegment.copy(tokens, from, into.row(0, row), ValueLayout.JAVA_LONG, 0, length);
        MemorySegment.copy(tokens, from + 1, into.row(1, row), ValueLayout.JAVA_LONG, 0, length);
    }
}
