package dev.tenon.nn.functional;

import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/// How a pooling slides: `new PoolOptions().stride(2).padding(1)`. Each setting is one number for all spatial axes or
/// one for each. Immutable.
///
/// @param strides distance from one window to the next; empty for that of the window's size
/// @param paddings elements added on both sides, at most half the window
/// @param dilations distance from one position of a window to the next; only for maximum pooling
/// @param ceil whether a last window may reach over the end
/// @param countPadding whether means count the padding
/// @param divisor what means divide by instead of the number of positions
public record PoolOptions(List<Integer> strides, List<Integer> paddings, List<Integer> dilations, boolean ceil,
        boolean countPadding, OptionalLong divisor) {
    /// Copies the lists.
    public PoolOptions {
        strides = List.copyOf(strides);
        paddings = List.copyOf(paddings);
        dilations = List.copyOf(dilations);
    }

    /// Windows side by side, no padding, dilation 1.
    public PoolOptions() {
        this(List.of(), List.of(0), List.of(1), false, true, OptionalLong.empty());
    }

    private static List<Integer> list(int[] n) {
        return IntStream.of(n).boxed().toList();
    }

    /// With another stride.
    public PoolOptions stride(int... n) {
        return new PoolOptions(list(n), paddings, dilations, ceil, countPadding, divisor);
    }

    /// With padding.
    public PoolOptions padding(int... n) {
        return new PoolOptions(strides, list(n), dilations, ceil, countPadding, divisor);
    }

    /// With another dilation.
    public PoolOptions dilation(int... n) {
        return new PoolOptions(strides, paddings, list(n), ceil, countPadding, divisor);
    }

    /// With or without a last window that reaches over the end.
    public PoolOptions ceilMode(boolean on) {
        return new PoolOptions(strides, paddings, dilations, on, countPadding, divisor);
    }

    /// With or without padding counted in means.
    public PoolOptions countIncludePad(boolean on) {
        return new PoolOptions(strides, paddings, dilations, ceil, on, divisor);
    }

    /// With means that divide by a given number.
    public PoolOptions divisorOverride(long n) {
        return new PoolOptions(strides, paddings, dilations, ceil, countPadding, OptionalLong.of(n));
    }

    /// The settings that differ from the usual, for texts.
    public String text() {
        StringBuilder s = new StringBuilder();
        if (!strides.isEmpty()) {
            s.append(", stride=").append(ConvOptions.text(strides));
        }
        if (paddings.stream().anyMatch(p -> p != 0)) {
            s.append(", padding=").append(ConvOptions.text(paddings));
        }
        if (dilations.stream().anyMatch(d -> d != 1)) {
            s.append(", dilation=").append(ConvOptions.text(dilations));
        }
        if (ceil) {
            s.append(", ceilMode=true");
        }
        if (!countPadding) {
            s.append(", countIncludePad=false");
        }
        divisor.ifPresent(d -> s.append(", divisorOverride=").append(d));
        return s.toString();
    }
}
