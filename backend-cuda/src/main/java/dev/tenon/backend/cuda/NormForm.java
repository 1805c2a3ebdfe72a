package dev.tenon.backend.cuda;

import dev.tenon.api.DType;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LayerNormBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A batch or layer normalisation as cuDNN knows it, with the statistics of its input, or its gradients.
///
/// Layer normalisation is seen as one of `[rows, normalized, 1, 1]`, its channels last.
///
/// @param backward whether gradients are computed
/// @param dtype of the input and of what is computed from it
/// @param parameters the dtype of scale and shift, and of their gradients
/// @param x the input, and all that has its shape: the library takes no others that lie otherwise
/// @param parameter scale and shift, and their gradients
/// @param statistic mean and reciprocal standard deviation, `F32`
/// @param epsilon added to the variance; 0 for gradients
record NormForm(Mode mode, boolean backward, DType dtype, DType parameters, TensorLayout x, TensorLayout parameter,
        TensorLayout statistic, double epsilon) implements LibraryForm {
    /// Fewer elements are not worth the library's call.
    private static final long LEAST = 1 << 16;

    /// Over what is normalised.
    enum Mode { BATCH, LAYER }

    /// The form of an op, or empty if it is none for cuDNN.
    static Optional<NormForm> of(Op op, List<TensorType> in, List<TensorType> out) {
        return switch (op) {
            case BatchNorm b -> of(Mode.BATCH, false, 0, b.epsilon(), in, out);
            case BatchNormBackward _ -> of(Mode.BATCH, true, 0, 0, in, out);
            case LayerNorm l -> of(Mode.LAYER, false, l.axes(), l.epsilon(), in, out);
            case LayerNormBackward l -> of(Mode.LAYER, true, l.axes(), 0, in, out);
            default -> Optional.empty();
        };
    }

    private static Optional<NormForm> of(Mode mode, boolean backward, int axes, double epsilon, List<TensorType> in,
            List<TensorType> out) {
        TensorType x = in.get(backward ? 1 : 0);
        TensorType y = backward ? in.getFirst() : out.getFirst();
        TensorType dx = backward ? out.getFirst() : x;
        TensorType scale = in.get(backward ? 2 : 1);
        // All but those of the input's shape.
        List<TensorType> rest = Stream.concat(in.subList(backward ? 2 : 1, in.size()).stream(),
                out.subList(1, out.size()).stream()).toList();
        boolean known = x.dtype().isFloating() && x.dtype() != DType.F64 && y.dtype() == x.dtype()
                && x.elements() > 0 && x.elements() <= Integer.MAX_VALUE
                && rest.stream().allMatch(TensorType::isContiguous)
                && Stream.concat(in.subList(backward ? 2 : 1, 3).stream(), backward
                        ? out.subList(1, 3).stream() : Stream.of()).allMatch(t -> t.dtype() == scale.dtype())
                && (scale.dtype() == DType.F32 || scale.dtype() == x.dtype())
                && (backward ? in.subList(3, 5) : out.subList(1, 3)).stream().allMatch(t -> t.dtype() == DType.F32);
        if (!known) {
            return Optional.empty();
        }
        List<Optional<TensorLayout>> all = Stream.of(x, y, dx).map(t -> layout(mode, axes, t)).distinct().toList();
        if (all.size() > 1 || all.getFirst().isEmpty()) {
            return Optional.empty();
        }
        TensorLayout image = all.getFirst().get();
        TensorLayout channels = image.perChannel();
        TensorLayout rows = TensorLayout.channelsLast(List.of(image.dims().getFirst(), 1L, 1L, 1L));
        return Optional.of(new NormForm(mode, backward, x.dtype(), scale.dtype(), image, channels,
                mode == Mode.BATCH ? channels : rows, epsilon));
    }

    private static Optional<TensorLayout> layout(Mode mode, int axes, TensorType t) {
        if (mode == Mode.BATCH) {
            return t.rank() > 5 ? Optional.empty() : TensorLayout.image(t);
        }
        long width = t.shape().slice(t.rank() - axes, t.rank()).elements();
        return t.isContiguous() ? Optional.of(TensorLayout.channelsLast(List.of(t.elements() / width, width, 1L, 1L)))
                : Optional.empty();
    }

    @Override
    public String what() {
        return mode == Mode.BATCH ? "a batch normalisation" : "a layer normalisation";
    }

    @Override
    public List<Integer> operands() {
        return backward ? List.of(0, 1, 2, 3, 4) : List.of(0, 1, 2);
    }

    @Override
    public int results() {
        return 3;
    }

    @Override
    public boolean isWorthwhile() {
        return x.elements() >= LEAST;
    }

    @Override
    public boolean isMeasured() {
        return true;
    }
}
