package dev.tenon.backend.cuda;

import dev.tenon.api.DType;

/// Attention as the operations of which cuDNN makes one kernel, in the order in which its documentation has them.
///
/// Source: cuDNN's documentation, supported graph patterns, fused flash attention.
final class AttentionGraph {
    private AttentionGraph() {}

    static void fill(CudnnGraph g, AttentionForm form) {
        if (form.backward()) {
            backward(g, form);
        } else {
            forward(g, form);
        }
    }

    private static void forward(CudnnGraph g, AttentionForm form) {
        TensorLayout scores = form.scores();
        TensorLayout perQuery = form.perQuery();
        long q = g.operand(0, form.dtype(), form.q());
        long kT = g.operand(1, form.dtype(), form.k().transposed());
        long v = g.operand(2, form.dtype(), form.v());
        long o = g.operand(3, form.dtype(), form.o());
        long logarithms = g.operand(4, DType.F32, perQuery);
        long s = masked(g, form, scaled(g, form, q, kT, g.constant((float) form.scale(), 4)));
        long most = g.reduce(CudnnCode.REDUCE_TENSOR_MAX, s, perQuery);
        long below = g.pointwise(CudnnCode.POINTWISE_SUB, s, most, scores);
        long exponentials = g.pointwise(CudnnCode.POINTWISE_EXP, below, 0, scores);
        long sum = g.reduce(CudnnCode.REDUCE_TENSOR_ADD, exponentials, perQuery);
        long logarithm = g.pointwise(CudnnCode.POINTWISE_LOG, sum, 0, perQuery);
        g.pointwise(CudnnCode.POINTWISE_ADD, most, logarithm, logarithms);
        // The weights are multiplied in the dtype of the values.
        long weights = g.between(CudnnGraph.type(form.dtype()), scores);
        g.pointwise(CudnnCode.POINTWISE_DIV, exponentials, sum, weights);
        g.matmul(weights, v, o);
    }

    private static long scaled(CudnnGraph g, AttentionForm form, long q, long kT, long scale) {
        long products = g.between(form.scores());
        g.matmul(q, kT, products);
        return g.pointwise(CudnnCode.POINTWISE_MUL, products, scale, form.scores());
    }

    /// The scores, minus infinity where a query does not attend to a key.
    private static long masked(CudnnGraph g, AttentionForm form, long scores) {
        return form.causal() ? g.where(CudnnCode.POINTWISE_CMP_GE, 2, 3, scores,
                g.constant(Float.NEGATIVE_INFINITY, 4), form.scores()) : scores;
    }

    /// That the gradient of the queries is the last product itself, and not added up in memory first, is what makes
    /// the results of all runs the same.
    private static void backward(CudnnGraph g, AttentionForm form) {
        TensorLayout scores = form.scores();
        TensorLayout perQuery = form.perQuery();
        DType dtype = form.dtype();
        int type = CudnnGraph.type(dtype);
        long dO = g.operand(0, dtype, form.gradients().get(0));
        long q = g.operand(1, dtype, form.q());
        long kT = g.operand(2, dtype, form.k().transposed());
        long vT = g.operand(3, dtype, form.v().transposed());
        long logarithms = g.operand(4, DType.F32, perQuery);
        long o = g.operand(5, dtype, form.o());
        long dQ = g.operand(6, dtype, form.gradients().get(1));
        long dK = g.operand(7, dtype, form.gradients().get(2));
        long dV = g.operand(8, dtype, form.gradients().get(3));
        long scale = g.constant((float) form.scale(), 4);
        // The sum of the products of result and gradient lies in memory between two kernels. The library expects a
        // factor for it, which is that of dropout.
        long products = g.pointwise(CudnnCode.POINTWISE_MUL, dO, o, TensorLayout.rows(form.o().dims()));
        long along = g.scratch(perQuery);
        g.pointwise(CudnnCode.POINTWISE_MUL, g.reduce(CudnnCode.REDUCE_TENSOR_ADD, products, perQuery),
                g.constant(1, 4), along);
        long s = scaled(g, form, q, kT, scale);
        long below = masked(g, form, g.pointwise(CudnnCode.POINTWISE_SUB, s, logarithms, scores));
        long weights = g.pointwise(CudnnCode.POINTWISE_EXP, below, 0, scores);
        g.matmul(g.transpose(weights, type, scores.transposed()), dO, dV);
        long dWeights = g.between(scores);
        g.matmul(dO, vT, dWeights);
        long centred = g.pointwise(CudnnCode.POINTWISE_SUB, dWeights, along, scores);
        long dS = g.pointwise(CudnnCode.POINTWISE_MUL,
                g.pointwise(CudnnCode.POINTWISE_MUL, centred, weights, scores), scale, scores);
        g.matmul(g.transpose(dS, type, scores.transposed()), q, dK);
        g.matmul(dS, g.transpose(kT, CudnnCode.DATA_FLOAT, form.k()), dQ);
    }
}
