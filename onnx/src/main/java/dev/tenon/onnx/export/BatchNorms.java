package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.api.op.ViewOp;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Batch normalisation with given statistics: captured as arithmetic, written as the operator that it is.
final class BatchNorms {
    private final Block block;
    private final Exporter exporter;

    BatchNorms(Block block, Exporter exporter) {
        this.block = block;
        this.exporter = exporter;
    }

    /// x times a scale plus a shift, of which scale = weight / sqrt(variance + epsilon) and shift = bias - mean scale.
    @Nullable Term write(Node n) {
        MapOp m = map(n);
        boolean scaled = m != null && n.inputs().size() == 3 && m.body().outputs().size() == 1
                && m.body().output() instanceof Expr.Binary(BinaryFn add, Expr product, Expr shift)
                && add == BinaryFn.ADD && product instanceof Expr.Binary(BinaryFn mul, Expr x, Expr scale)
                && mul == BinaryFn.MUL && isInput(x, 0) && isInput(scale, 1) && isInput(shift, 2);
        if (!scaled || n.input(0).type().dtype() != DType.F32 || n.input(0).type().rank() < 2
                || !n.input(0).type().shape().equals(n.output().type().shape())) {
            return null;
        }
        Value scale = perChannel(n.input(1), n);
        Value shift = perChannel(n.input(2), n);
        return scale == null || shift == null ? null : write(n, scale, shift);
    }

    private @Nullable Term write(Node n, Value scale, Value shift) {
        Node product = binary(scale, BinaryFn.MUL);
        Value rstd = product == null ? scale : product.input(0);
        Node difference = binary(shift, BinaryFn.SUB);
        Node centre = binary(difference == null ? negated(shift) : difference.input(1), BinaryFn.MUL);
        Node variance = sum(unary(rstd, UnaryFn.RSQRT));
        if (variance == null || centre == null || centre.input(1) != scale) {
            return null;
        }
        double epsilon = epsilon(variance);
        Term var = exporter.term(variance.input(0));
        Term mean = exporter.term(centre.input(0));
        Term weight = product == null ? filled(1, var) : exporter.term(product.input(1));
        Term bias = difference == null ? filled(0, var) : exporter.term(difference.input(0));
        for (Term t : List.of(var, mean, weight, bias)) {
            if (t.rank() != 1 || t.dtype() != DType.F32) {
                return null;
            }
        }
        Term x = exporter.term(n.input(0));
        return block.add("BatchNormalization", DType.F32, x.shape(), List.of(x, weight, bias, mean, var),
                Map.of("epsilon", epsilon));
    }

    private Term filled(double value, Term like) {
        return block.expand(block.model.number(DType.F32, value), like.shape());
    }

    private static boolean isInput(Expr e, int operand) {
        return e instanceof Expr.Input i && i.operand() == operand;
    }

    private static @Nullable MapOp map(@Nullable Node n) {
        return n != null && n.op() instanceof MapOp m ? m : null;
    }

    private static @Nullable Node producer(@Nullable Value v) {
        return v instanceof Value.Result r ? r.node() : null;
    }

    /// What was shaped to broadcast over the channels.
    private static @Nullable Value perChannel(Value v, Node n) {
        Node p = producer(v);
        boolean shaped = p != null && p.op() instanceof ViewOp.Reshape && p.input(0).type().rank() == 1
                && v.type().rank() == n.output().type().rank()
                && v.type().shape().dim(1) == v.type().elements()
                && v.type().elements() == n.output().type().shape().dim(1);
        return shaped ? p.input(0) : null;
    }

    private static @Nullable Node binary(@Nullable Value v, BinaryFn fn) {
        Node n = producer(v);
        MapOp m = map(n);
        boolean plain = m != null && n.inputs().size() == 2 && m.body().outputs().size() == 1
                && m.body().output() instanceof Expr.Binary b && b.fn() == fn && isInput(b.a(), 0) && isInput(b.b(), 1);
        return plain ? n : null;
    }

    /// The operand of a function of one value.
    private static @Nullable Value unary(@Nullable Value v, UnaryFn fn) {
        Node n = producer(v);
        MapOp m = map(n);
        boolean plain = m != null && m.body().outputs().size() == 1 && m.body().output() instanceof Expr.Unary u
                && u.fn() == fn && isInput(u.x(), 0);
        return plain ? n.input(0) : null;
    }

    private static @Nullable Value negated(Value shift) {
        return unary(shift, UnaryFn.NEG);
    }

    /// The node that adds a number to a value.
    private static @Nullable Node sum(@Nullable Value v) {
        Node n = producer(v);
        return n != null && !Double.isNaN(epsilon(n)) ? n : null;
    }

    private static double epsilon(Node n) {
        MapOp m = map(n);
        if (m == null || m.body().outputs().size() != 1 || !m.scalars().sources().isEmpty()) {
            return Double.NaN;
        }
        Expr e = Exprs.mapLeaves(m.body().output(), leaf -> leaf instanceof Expr.Param p
                ? new Expr.Const(p.kind(), m.scalars().bits(p.slot())) : leaf);
        return e instanceof Expr.Binary(BinaryFn fn, Expr x, Expr c) && fn == BinaryFn.ADD && isInput(x, 0)
                && c instanceof Expr.Const number && n.inputs().size() == 1 ? number.asDouble() : Double.NaN;
    }
}
