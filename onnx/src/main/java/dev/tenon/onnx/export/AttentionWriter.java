package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Attention;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Attention as two products with a softmax between them, the form that runtimes know how to fuse.
final class AttentionWriter {
    private final Block block;

    AttentionWriter(Block block) {
        this.block = block;
    }

    /// The result, and the logarithm of the sum of each query's scores.
    List<Term> write(Attention a, List<Term> in) {
        DType dtype = in.getFirst().dtype();
        DType work = dtype.kind().dtype();
        Term q = block.cast(in.get(0), work);
        Term k = block.cast(in.get(1), work);
        Term v = block.cast(in.get(2), work);
        List<Integer> swapped = new ArrayList<>(IntStream.range(0, k.rank()).boxed().toList());
        swapped.add(k.rank() - 2, swapped.removeLast());
        Shape rows = q.shape().slice(0, q.rank() - 1);
        Term scores = block.add("MatMul", work, rows.concat(Shape.of(k.shape().dim(-2))),
                List.of(q, block.transpose(k, swapped)), Map.of());
        // Both products are rounded to the dtype of the operands.
        scores = block.cast(block.cast(scores, dtype), work);
        scores = block.binary("Mul", scores, block.model.number(work, a.scale()));
        if (in.size() > 3) {
            scores = block.binary("Add", scores, block.cast(in.get(3), work));
        }
        if (a.causal()) {
            Term later = block.binary("Less", DType.BOOL,
                    block.reshape(block.range(q.shape().dim(-2)), Shape.of(q.shape().dim(-2), 1)),
                    block.range(k.shape().dim(-2)));
            scores = block.where(later, block.model.number(work, Double.NEGATIVE_INFINITY), scores);
        }
        long last = scores.rank() - 1;
        Term weights = block.add("Softmax", work, scores.shape(), List.of(scores), Map.of("axis", last));
        Term out = block.add("MatMul", work, rows.concat(Shape.of(v.shape().dim(-1))),
                List.of(block.cast(block.cast(weights, dtype), work), v), Map.of());
        Term total = block.reduce("ReduceLogSumExp", scores, List.of(last), false, rows);
        return List.of(block.cast(out, dtype), total);
    }
}
