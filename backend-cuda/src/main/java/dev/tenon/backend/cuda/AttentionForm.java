package dev.tenon.backend.cuda;

import dev.tenon.api.DType;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Attention without a mask of numbers, or its gradients, as cuDNN knows it: of 16-bit numbers, `[batch, heads, row,
/// column]`, rows of a multiple of 8 numbers each after the other in memory.
///
/// @param backward whether gradients are computed
/// @param q the queries, `[b, h, m, width]`
/// @param k the keys, `[b, h, n, width]`
/// @param v the values, `[b, h, n, out]`
/// @param o the result, `[b, h, m, out]`
/// @param gradients of the result, then of queries, keys and values; none where none are computed
/// @param causal whether query i attends to keys up to i alone
/// @param scale what the products are multiplied by
record AttentionForm(boolean backward, DType dtype, TensorLayout q, TensorLayout k, TensorLayout v, TensorLayout o,
        List<TensorLayout> gradients, boolean causal, double scale) implements LibraryForm {
    /// What the library loads at once, in numbers.
    private static final int STEP = 8;
    /// Rows of more numbers no version of the library takes.
    private static final long MOST = 256;

    /// The form of an op, or empty if it is none for cuDNN.
    static Optional<AttentionForm> of(Op op, List<TensorType> in, List<TensorType> out) {
        return switch (op) {
            case Attention a when in.size() == 3 ->
                of(a, false, in, out.getFirst(), List.of(), out.get(1));
            // The library wants the result itself, and there is no mask.
            case AttentionBackward b when b.result() && in.size() == 7 -> of(b.attention(), true, in.subList(1, 4),
                    in.getLast(), Stream.concat(Stream.of(in.getFirst()), out.stream()).toList(), in.get(4));
            default -> Optional.empty();
        };
    }

    private static Optional<AttentionForm> of(Attention op, boolean backward, List<TensorType> in, TensorType o,
            List<TensorType> gradients, TensorType logarithms) {
        DType dtype = in.getFirst().dtype();
        List<TensorType> all = new ArrayList<>(in);
        all.add(o);
        all.addAll(gradients);
        List<TensorLayout> layouts = all.stream().filter(t -> t.dtype() == dtype)
                .flatMap(t -> heads(t).stream()).toList();
        boolean small = dtype == DType.F16 || dtype == DType.BF16;
        boolean scales = op.scale() > 0 && Double.isFinite(op.scale());
        if (!small || !scales || layouts.size() < all.size() || logarithms.dtype() != DType.F32
                || !logarithms.isContiguous()) {
            return Optional.empty();
        }
        AttentionForm form = new AttentionForm(backward, dtype, layouts.get(0), layouts.get(1), layouts.get(2),
                layouts.get(3), layouts.subList(4, layouts.size()), op.causal(), op.scale());
        return form.queries() * form.keys() > 1 ? Optional.of(form) : Optional.empty();
    }

    /// A tensor as matrices of several heads; empty where the library does not take it. What the strides of axes of
    /// extent 1 are is made up.
    private static Optional<TensorLayout> heads(TensorType t) {
        int missing = 4 - t.rank();
        if (missing < 0 || t.elements() == 0 || t.elements() > Integer.MAX_VALUE || t.shape().dim(-1) % STEP != 0
                || t.shape().dim(-1) > MOST) {
            return Optional.empty();
        }
        Long[] dims = new Long[4];
        Long[] strides = new Long[4];
        long beyond = 1;
        for (int i = 3; i >= 0; i--) {
            dims[i] = i < missing ? 1 : t.shape().dim(i - missing);
            strides[i] = dims[i] == 1 ? beyond : t.stride(i - missing);
            boolean fits = i == 3 ? strides[i] == 1 : strides[i] > 0 && strides[i] % STEP == 0;
            if (!fits) {
                return Optional.empty();
            }
            beyond = Math.max(beyond, strides[i] * dims[i]);
        }
        return Optional.of(new TensorLayout(List.of(dims), List.of(strides)));
    }

    long queries() {
        return q.dims().get(2);
    }

    long keys() {
        return k.dims().get(2);
    }

    /// One number for each query.
    TensorLayout perQuery() {
        return TensorLayout.rows(q.dims().get(0), q.dims().get(1), queries(), 1);
    }

    /// A number for each query and key.
    TensorLayout scores() {
        return TensorLayout.rows(q.dims().get(0), q.dims().get(1), queries(), keys());
    }

    /// Whether a version of the library, such as 91900, computes it right: 9.10.0 and 9.10.1 have errors in attention,
    /// and up to 9.15 gradients are wrong where the number of keys is no multiple of 128.
    boolean isRightIn(long version) {
        boolean broken = version == 91000 || version == 91001;
        return !broken && (!backward || keys() % 128 == 0 || version > 91500);
    }

    @Override
    public String what() {
        return "attention";
    }

    @Override
    public List<Integer> operands() {
        return backward ? List.of(0, 1, 2, 3, 4, 6) : List.of(0, 1, 2);
    }

    @Override
    public int results() {
        return backward ? 3 : 2;
    }

    @Override
    public boolean isWorthwhile() {
        return (double) scores().elements() * q.dims().get(3) >= LEAST_PRODUCTS;
    }

    @Override
    public boolean isMeasured() {
        return true;
    }
}
