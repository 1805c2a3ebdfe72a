package dev.tenon.graph.pass;

import dev.tenon.api.DType;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import java.util.List;
import java.util.Optional;

/// Lets matrix products add biases and residuals and apply activations before they store.
public final class MatMulFusion extends EpilogueFusion {
    /// The pass `fuse-matmul`.
    public MatMulFusion() {
        super("fuse-matmul");
    }

    @Override
    Optional<Epilogue> epilogue(Node node, GraphWriter w) {
        if (!(node.op() instanceof MatMulOp m)) {
            return Optional.empty();
        }
        // An epilogue sees the product as it was accumulated; what followed the op saw it rounded.
        DType dtype = node.input(0).type().dtype();
        Lambda rounded = Lambda.of(Exprs.cast(dtype, Exprs.in(0, dtype)), dtype);
        return Optional.of(new Epilogue(m.epilogue().orElse(rounded), m.scalars(),
                List.copyOf(node.inputs().subList(2, node.inputs().size()))));
    }

    @Override
    Op withEpilogue(Node node, Lambda body, Scalars scalars) {
        return new MatMulOp(Optional.of(body), scalars);
    }
}
