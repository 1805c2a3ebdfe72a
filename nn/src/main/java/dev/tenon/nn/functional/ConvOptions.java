package dev.tenon.nn.functional;

import java.util.List;
import java.util.stream.IntStream;

/// How a convolution slides: `new ConvOptions().stride(2).padding(1)`. Each setting is one number for all spatial axes
/// or one for each. Immutable.
///
/// @param strides distance from one window to the next
/// @param paddings elements added on both sides; not used where `same`
/// @param same whether to pad so that a stride of 1 keeps the extents
/// @param dilations distance from one position of a window to the next
/// @param groups into how many independent groups channels are cut
/// @param paddingMode what stands in the margin
public record ConvOptions(List<Integer> strides, List<Integer> paddings, boolean same, List<Integer> dilations,
        int groups, PaddingMode paddingMode) {
    /// Copies the lists.
    public ConvOptions {
        strides = List.copyOf(strides);
        paddings = List.copyOf(paddings);
        dilations = List.copyOf(dilations);
    }

    /// Stride 1, no padding, dilation 1, one group.
    public ConvOptions() {
        this(List.of(1), List.of(0), false, List.of(1), 1, PaddingMode.ZEROS);
    }

    private static List<Integer> list(int[] n) {
        return IntStream.of(n).boxed().toList();
    }

    /// With another stride.
    public ConvOptions stride(int... n) {
        return new ConvOptions(list(n), paddings, same, dilations, groups, paddingMode);
    }

    /// With other padding.
    public ConvOptions padding(int... n) {
        return new ConvOptions(strides, list(n), false, dilations, groups, paddingMode);
    }

    /// Padded so that the extents stay; for stride 1.
    public ConvOptions paddingSame() {
        return new ConvOptions(strides, paddings, true, dilations, groups, paddingMode);
    }

    /// With another dilation.
    public ConvOptions dilation(int... n) {
        return new ConvOptions(strides, paddings, same, list(n), groups, paddingMode);
    }

    /// With channels cut into groups.
    public ConvOptions groups(int n) {
        return new ConvOptions(strides, paddings, same, dilations, n, paddingMode);
    }

    /// With another content of the margin.
    public ConvOptions paddingMode(PaddingMode mode) {
        return new ConvOptions(strides, paddings, same, dilations, groups, mode);
    }

    /// The settings that differ from the usual, for texts.
    public String text() {
        StringBuilder s = new StringBuilder("stride=").append(text(strides));
        if (same) {
            s.append(", padding=same");
        } else if (paddings.stream().anyMatch(p -> p != 0)) {
            s.append(", padding=").append(text(paddings));
        }
        if (dilations.stream().anyMatch(d -> d != 1)) {
            s.append(", dilation=").append(text(dilations));
        }
        if (groups != 1) {
            s.append(", groups=").append(groups);
        }
        if (paddingMode != PaddingMode.ZEROS) {
            s.append(", paddingMode=").append(paddingMode);
        }
        return s.toString();
    }

    static String text(List<Integer> n) {
        return n.stream().distinct().count() == 1 ? n.getFirst().toString() : n.toString();
    }
}
