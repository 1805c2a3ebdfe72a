package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Batch normalisation with the statistics of the batch (Ioffe and Szegedy, 2015). Operands: input `[n, c, ...]`, scale
/// `[c]`, shift `[c]`. Outputs: the normalised, scaled and shifted input; and, in the arithmetic of the input's dtype,
/// each channel's mean `[c]` and the reciprocal of its standard deviation `[c]`.
///
/// @param epsilon added to the variance
public record BatchNorm(double epsilon) implements Composite {
    @Override
    public String name() {
        return "batch_norm";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        if (x.rank() < 2 || !x.dtype().isFloating()) {
            throw new TensorException("batch_norm: input " + x + ": expected floating-point [n, c, ...]");
        }
        Shape channels = Shape.of(x.shape().dim(1));
        for (TensorType t : in.subList(1, in.size())) {
            if (!t.shape().equals(channels)) {
                throw new TensorException("batch_norm: scale or shift " + t + " for input " + x + ": expected "
                        + channels);
            }
        }
        TensorType statistic = TensorType.of(x.dtype().kind().dtype(), channels);
        return List.of(TensorType.of(x.dtype(), x.shape()), statistic, statistic);
    }

    /// All axes but that of the channels.
    static int[] reduced(int rank) {
        return IntStream.range(0, rank).filter(i -> i != 1).toArray();
    }

    /// A value for each channel, shaped to broadcast over a tensor of the given rank.
    static Tensor perChannel(Tensor t, int rank) {
        long[] dims = new long[rank];
        Arrays.fill(dims, 1);
        dims[1] = t.elements();
        return t.reshape(dims);
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        DType dtype = in.getFirst().dtype();
        DType work = dtype.kind().dtype();
        Tensor x = in.getFirst().to(work);
        int[] axes = reduced(x.rank());
        Tensor mean = x.mean(axes, false);
        Tensor centred = x.sub(perChannel(mean, x.rank()));
        Tensor scale = centred.square().mean(axes, false).add(epsilon).rsqrt();
        Tensor y = centred.mul(perChannel(scale.mul(in.get(1).to(work)), x.rank()))
                .add(perChannel(in.get(2).to(work), x.rank()));
        return List.of(y.to(dtype), mean, scale);
    }
}
