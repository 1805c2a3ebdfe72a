package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.ViewOp;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Matrix products; of two matrices with a bias, as `Gemm`.
final class Products {
    private final Block block;
    private final Exporter exporter;

    Products(Block block, Exporter exporter) {
        this.block = block;
        this.exporter = exporter;
    }

    List<Term> write(Node n, MatMulOp m, List<Term> in) {
        DType work = in.getFirst().dtype().kind().dtype();
        Lambda epilogue = m.epilogue().orElse(null);
        if (epilogue == null) {
            return List.of(block.cast(product(in, work, n), in.getFirst().dtype()));
        }
        if (in.size() == 3 && isSum(epilogue) && epilogue.dtype() == work && in.getFirst().dtype() == work) {
            Term g = gemm(n, in.get(2));
            if (g != null) {
                return List.of(g);
            }
        }
        List<Term> operands = new ArrayList<>(List.of(product(in, work, n)));
        operands.addAll(in.subList(2, in.size()));
        Expressions e = new Expressions(block, operands, n.output(0).type().shape(), epilogue, m.scalars());
        List<Term> out = new ArrayList<>();
        for (int i = 0; i < epilogue.dtypes().size(); i++) {
            out.add(e.stored(i));
        }
        return out;
    }

    private Term product(List<Term> in, DType work, Node n) {
        return block.add("MatMul", work, n.output(0).type().shape(),
                List.of(block.cast(in.get(0), work), block.cast(in.get(1), work)), Map.of());
    }

    private static boolean isSum(Lambda body) {
        return body.outputs().size() == 1 && body.output() instanceof Expr.Binary(BinaryFn fn, Expr a, Expr b)
                && fn == BinaryFn.ADD && a instanceof Expr.Input i && b instanceof Expr.Input j
                && i.operand() + j.operand() == 1;
    }

    /// The sum of a product and a bias, if that is what a map is.
    @Nullable Term gemm(Node n, MapOp m, List<Term> in) {
        if (in.size() != 2 || !isSum(m.body()) || m.body().dtype() != in.getFirst().dtype()) {
            return null;
        }
        for (int i = 0; i < 2; i++) {
            if (n.input(i) instanceof Value.Result r && r.node().op() instanceof MatMulOp p && p.epilogue().isEmpty()
                    && r.type().shape().equals(n.output(0).type().shape())) {
                Term g = gemm(r.node(), in.get(1 - i));
                if (g != null) {
                    return g;
                }
            }
        }
        return null;
    }

    private @Nullable Term gemm(Node product, Term bias) {
        Value a = product.input(0);
        Value b = product.input(1);
        DType dtype = bias.dtype();
        if (a.type().rank() != 2 || b.type().rank() != 2 || a.type().dtype() != dtype
                || dtype != DType.F32 && dtype != DType.F64) {
            return null;
        }
        Map<String, Object> attributes = new LinkedHashMap<>();
        List<Term> in = List.of(untransposed(a, "transA", attributes), untransposed(b, "transB", attributes), bias);
        return block.add("Gemm", dtype, product.output(0).type().shape(), in, attributes);
    }

    /// The matrix, or the one that it is the transpose of.
    private Term untransposed(Value v, String attribute, Map<String, Object> attributes) {
        if (v instanceof Value.Result r && r.node().op() instanceof ViewOp.Permute p
                && p.axes().equals(List.of(1, 0))) {
            attributes.put(attribute, 1L);
            return exporter.term(r.node().input(0));
        }
        return exporter.term(v);
    }
}
