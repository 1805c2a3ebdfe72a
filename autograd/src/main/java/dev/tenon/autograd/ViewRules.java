package dev.tenon.autograd;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Cat;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Pad;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.ViewScatter;
import java.util.ArrayList;
import java.util.List;

/// Ops that move elements without computing: the gradient moves back.
final class ViewRules {
    private ViewRules() {}

    static Tensor zeros(TensorType t, Tensor like) {
        return Tensors.zeros(t.shape(), t.dtype(), like.device());
    }

    static void copy(CopyOp op, Backward b) {
        b.set(0, b.grad().to(b.inType(0).dtype()).to(b.node().inDevice));
    }

    static void reshape(ViewOp.Reshape op, Backward b) {
        b.set(0, b.grad().reshape(b.inType(0).shape()));
    }

    static void permute(ViewOp.Permute op, Backward b) {
        b.set(0, Dispatcher.run(op.inverse(), b.grad()));
    }

    static void expand(ViewOp.Expand op, Backward b) {
        b.set(0, MapRule.sumTo(b.grad(), b.inType(0).shape()));
    }

    static void slice(ViewOp.Slice op, Backward b) {
        TensorType x = b.inType(0);
        long extent = x.shape().dim(op.axis());
        if (op.step() == -1 && op.length() == extent) {
            b.set(0, Dispatcher.run(op, b.grad()));
        } else if (op.step() == 1) {
            List<Long> low = new ArrayList<>();
            List<Long> high = new ArrayList<>();
            for (int a = 0; a < x.rank(); a++) {
                low.add(a == op.axis() ? op.start() : 0L);
                high.add(a == op.axis() ? extent - op.start() - op.length() : 0L);
            }
            b.set(0, Dispatcher.run(new Pad(low, high, 0), b.grad()));
        } else {
            placed(op, b);
        }
    }

    /// The gradient in place of the part that the view shows, zeros around it.
    static void placed(ViewOp op, Backward b) {
        Tensor g = b.grad();
        b.set(0, Dispatcher.run(new ViewScatter(op), zeros(b.inType(0), g), g));
    }

    static void window(ViewOp.Window op, Backward b) {
        if (op.isInjective()) {
            placed(op, b);
            return;
        }
        // Position p of window w is element w * step + p * dilation; what falls on one element adds up.
        Tensor g = b.grad();
        int axis = op.axis();
        long windows = g.size(axis);
        Expr i = new Expr.Index(0);
        Expr size = constant(op.size());
        Expr at = Exprs.add(
                Exprs.mul(Exprs.div(i, size), constant(op.step())),
                Exprs.mul(Exprs.binary(BinaryFn.REM, i, size), constant(op.dilation())));
        Lambda body = Lambda.of(at, Kind.I64.dtype());
        Tensor index = Dispatcher.create(
                new MapOp("window_positions", body, Shape.of(windows * op.size()), Scalars.NONE), g.device());
        Tensor merged = g.movedim(-1, axis + 1).flatten(axis, axis + 1);
        b.set(0, zeros(b.inType(0), g).indexAdd(axis, index, merged));
    }

    private static Expr constant(long v) {
        return Exprs.constant(Kind.I64, v);
    }

    static void viewScatter(ViewScatter op, Backward b) {
        Tensor g = b.grad();
        if (b.needs(0)) {
            b.set(0, Dispatcher.run(op, g, zeros(b.inType(1), g)));
        }
        if (b.needs(1)) {
            b.set(1, op.view() instanceof ViewOp.Reshape r ? g.reshape(r.shape()) : Dispatcher.run(op.view(), g));
        }
    }

    static void cat(Cat op, Backward b) {
        Tensor g = b.grad();
        long at = 0;
        for (int i = 0; i < b.inputs(); i++) {
            long n = b.inType(i).shape().dim(op.axis());
            if (b.needs(i)) {
                b.set(i, g.narrow(op.axis(), at, n));
            }
            at += n;
        }
    }

    static void pad(Pad op, Backward b) {
        boolean cuts = op.low().stream().anyMatch(w -> w < 0) || op.high().stream().anyMatch(w -> w < 0);
        b.set(0, cuts ? Dispatcher.run(op.reversed(), b.grad()) : op.inner(b.grad()));
    }
}
