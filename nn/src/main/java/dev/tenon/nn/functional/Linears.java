package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.precision.Autocast;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Linear maps and tables of vectors.
public final class Linears {
    private Linears() {}

    /// x Aᵀ + b.
    ///
    /// @param x `[..., in]`
    /// @param weight A, `[out, in]` or `[in]` (which gives `[...]`)
    /// @param bias b, `[out]`, or null
    /// @return `[..., out]`
    /// @throws TensorException if the last extent of x is not that of the weight
    public static Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
        if (weight.rank() < 1 || weight.rank() > 2 || x.rank() < 1 || x.size(-1) != weight.size(-1)) {
            throw new TensorException("linear: input " + x.shape() + ", weight " + weight.shape()
                    + ": expected weight [out, in] and input [..., in]");
        }
        Tensor y = x.matmul(weight.t());
        return bias == null ? y : y.add(Autocast.like(bias, y));
    }

    /// xᵀ A y + b for each output.
    ///
    /// @param x `[..., in1]`
    /// @param y `[..., in2]`
    /// @param weight A, `[out, in1, in2]`
    /// @param bias b, `[out]`, or null
    /// @return `[..., out]`
    /// @throws TensorException if the extents do not fit
    public static Tensor bilinear(Tensor x, Tensor y, Tensor weight, @Nullable Tensor bias) {
        boolean fits = weight.rank() == 3 && x.rank() >= 1 && x.rank() == y.rank()
                && x.size(-1) == weight.size(1) && y.size(-1) == weight.size(2)
                && x.shape().slice(0, x.rank() - 1).equals(y.shape().slice(0, y.rank() - 1));
        if (!fits) {
            throw new TensorException("bilinear: inputs " + x.shape() + " and " + y.shape() + ", weight "
                    + weight.shape() + ": expected [..., in1], [..., in2] and [out, in1, in2]");
        }
        Shape batch = x.shape().slice(0, x.rank() - 1);
        long n = batch.elements();
        long out = weight.size(0);
        // x A for every output at once, then the inner products with y.
        Tensor left = x.reshape(n, weight.size(1))
                .matmul(weight.permute(1, 0, 2).reshape(weight.size(1), out * weight.size(2)))
                .reshape(n, out, weight.size(2));
        Tensor z = left.matmul(y.reshape(n, weight.size(2), 1)).reshape(batch.concat(Shape.of(out)));
        return bias == null ? z : z.add(Autocast.like(bias, z));
    }

    /// The rows of a table at the given positions.
    ///
    /// @param index positions of any shape, `I64` or `I32`, from 0 to rows - 1
    /// @param weight `[rows, width]`
    /// @return the shape of the index with `width` behind
    public static Tensor embedding(Tensor index, Tensor weight) {
        return embedding(index, weight, OptionalLong.empty());
    }

    /// The rows of a table at the given positions.
    ///
    /// @param index positions of any shape, `I64` or `I32`, from 0 to rows - 1
    /// @param weight `[rows, width]`
    /// @param paddingIndex a row whose use gives no gradient; a negative one counts from the end
    /// @return the shape of the index with `width` behind
    /// @throws TensorException if the index is not integral or the table is no matrix
    public static Tensor embedding(Tensor index, Tensor weight, OptionalLong paddingIndex) {
        if (weight.rank() != 2 || index.dtype() != DType.I64 && index.dtype() != DType.I32) {
            throw new TensorException("embedding: index " + index.type() + ", table " + weight.shape()
                    + ": expected an index of dtype i64 or i32 and a table [rows, width]");
        }
        Tensor rows = weight.indexSelect(0, index.reshape(-1)).reshape(index.shape().concat(Shape.of(weight.size(1))));
        if (paddingIndex.isEmpty() || !rows.requiresGrad()) {
            return rows;
        }
        long p = paddingIndex.getAsLong();
        Tensor padding = index.eq(p < 0 ? p + weight.size(0) : p).unsqueeze(-1);
        return rows.detach().where(padding, rows);
    }

    /// Integers as rows with a one at their place and zeros elsewhere.
    ///
    /// @param index integers from 0 to `classes` - 1, of any shape
    /// @return `I64`, the shape of the index with `classes` behind
    public static Tensor oneHot(Tensor index, long classes) {
        Tensor all = Tensors.arange(0, classes, 1, DType.I64, index.device());
        return index.unsqueeze(-1).eq(all).to(DType.I64);
    }
}
