package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import java.util.List;

/// The gradients of a [BatchNorm]. Operands: the gradient of the result, the input, the scale, and the mean and
/// reciprocal standard deviation that it gave. Outputs: the gradients of the input, the scale and the shift.
public record BatchNormBackward() implements Composite {
    @Override
    public String name() {
        return "batch_norm_backward";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        return LayerNormBackward.types(in.get(1), in.get(2));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        DType dtype = in.get(1).dtype();
        DType work = dtype.kind().dtype();
        Tensor g = in.get(0).to(work);
        Tensor x = in.get(1).to(work);
        Tensor weight = in.get(2);
        Tensor rstd = in.get(4);
        int rank = x.rank();
        int[] axes = BatchNorm.reduced(rank);
        double count = (double) x.elements() / Math.max(1, x.size(1));
        Tensor normal = x.sub(BatchNorm.perChannel(in.get(3), rank)).mul(BatchNorm.perChannel(rstd, rank));
        Tensor shift = g.sum(axes, false);
        Tensor scale = g.mul(normal).sum(axes, false);
        Tensor inner = g.sub(BatchNorm.perChannel(shift.div(count), rank))
                .sub(normal.mul(BatchNorm.perChannel(scale.div(count), rank)));
        Tensor gx = inner.mul(BatchNorm.perChannel(rstd.mul(weight.to(work)), rank));
        return List.of(gx.to(dtype), scale.to(weight.dtype()), shift.to(weight.dtype()));
    }
}
