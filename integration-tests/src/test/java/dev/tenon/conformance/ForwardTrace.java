package dev.tenon.conformance;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.spi.OpPolicy;
import dev.tenon.autograd.Function;
import dev.tenon.autograd.FunctionContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What each op of a forward pass gave, so that a pass in `F64` can be held against it op by op.
final class ForwardTrace implements AutoCloseable {
    /// @param op its name
    /// @param outputs copies of its results
    private record Entry(String op, List<Tensor> outputs) {}

    private final List<Entry> entries = new ArrayList<>();

    /// Views and copies compute nothing, and conversions differ from dtype to dtype: they are left out.
    private static boolean computes(Op op) {
        return !(op instanceof ViewOp || op instanceof CopyOp);
    }

    /// Records a pass.
    ///
    /// @param ops runs the ops
    OpPolicy recording(OpPolicy ops) {
        return (op, in) -> {
            List<Tensor> out = ops.apply(op, in);
            if (computes(op)) {
                try (Context.Mode _ = Context.noGrad(); Context.Mode _ = Context.unscoped()) {
                    entries.add(new Entry(op.name(), out.stream().map(t -> t.detach().clone()).toList()));
                }
            }
            return out;
        };
    }

    /// A pass of the same ops, in another dtype.
    private abstract class SamePass implements OpPolicy {
        private int at;

        @Override
        public List<Tensor> apply(Op op, List<Tensor> in) {
            List<Tensor> out = Dispatcher.apply(op, in);
            if (!computes(op)) {
                return out;
            }
            if (at == entries.size() || !entries.get(at).op.equals(op.name())) {
                throw new IllegalStateException("op " + at + " of the pass is " + op.name() + ", in F32 it was "
                        + (at == entries.size() ? "over" : entries.get(at).op));
            }
            return next(op, out, entries.get(at++).outputs);
        }

        abstract List<Tensor> next(Op op, List<Tensor> out, List<Tensor> recorded);
    }

    /// Counts on which sides of their switches the units of a pass are that are on the other one in the record.
    final class Switches extends SamePass {
        private long all;
        private long other;
        private double furthest;

        @Override
        List<Tensor> next(Op op, List<Tensor> out, List<Tensor> recorded) {
            if (op.name().equals("relu")) {
                try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
                    Tensor y = out.getFirst().detach();
                    Tensor was = recorded.getFirst().to(y.device()).to(y.dtype());
                    Tensor differs = y.gt(0).logicalXor(was.gt(0));
                    count(y, differs);
                    Tensor flipped = y.add(was).where(differs, Tensors.zerosLike(y));
                    furthest = Math.max(furthest, flipped.max().item() / Math.max(y.max().item(), Double.MIN_NORMAL));
                }
            } else if (op instanceof MaxPool) {
                try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
                    count(out.get(1), out.get(1).ne(recorded.get(1).to(out.get(1).device())));
                }
            }
            return out;
        }

        private void count(Tensor y, Tensor differs) {
            all += y.elements();
            other += differs.to(DType.I64).sum().itemLong();
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%d of %d units of ReLU and max-pooling are on the other side of their"
                    + " switch than in F64, at most %.1e of their layer's largest value from it", other, all, furthest);
        }
    }

    /// A pass that computes each op from what the ops before gave in the record, notes how far that is from the op's
    /// own record, and goes on with the record. Gradients are therefore those at exactly the recorded values: no switch
    /// falls otherwise.
    final class Replay extends SamePass {
        private double worst;
        private String where = "";

        @Override
        List<Tensor> next(Op op, List<Tensor> out, List<Tensor> recorded) {
            List<Tensor> result = new ArrayList<>();
            for (int i = 0; i < out.size(); i++) {
                Tensor exact = out.get(i);
                Tensor was = recorded.get(i).to(exact.device());
                if (!exact.dtype().isFloating()) {
                    if (!exact.equal(was)) {
                        note(Double.POSITIVE_INFINITY, op, i);
                    }
                    result.add(exact);
                    continue;
                }
                try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
                    Tensor e = exact.detach();
                    Tensor finite = e.isFinite();
                    Tensor none = Tensors.zerosLike(e);
                    double scale = e.abs().where(finite, none).max().item();
                    double off = e.sub(was.to(DType.F64)).abs().where(finite, none).max().item();
                    note(off == 0 ? 0 : off / scale, op, i);
                }
                result.add(new Replaced(was.to(DType.F64)).apply(exact));
            }
            return result;
        }

        private void note(double error, Op op, int output) {
            // NaN is the worst of all.
            if (!(error <= worst)) {
                worst = error;
                where = op.name() + (output > 0 ? ", output " + output : "");
            }
        }

        /// The largest error of an op, relative to the largest element of its result.
        double worst() {
            return worst;
        }

        /// Which op that was.
        String where() {
            return where;
        }
    }

    /// Another value in place of the operand, and the operand's gradient.
    private static final class Replaced extends Function {
        private final Tensor value;

        Replaced(Tensor value) {
            this.value = value;
        }

        @Override
        protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
            return List.of(value.expandAs(inputs.getFirst()).clone());
        }

        @Override
        protected List<Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
            return gradOutputs;
        }
    }

    @Override
    public void close() {
        entries.forEach(e -> e.outputs.forEach(Tensor::close));
    }
}
