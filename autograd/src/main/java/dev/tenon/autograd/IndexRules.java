package dev.tenon.autograd;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Pad;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/// Picking and placing elements. Indices are saved, values where several meet by product or as the largest.
final class IndexRules {
    private IndexRules() {}

    /// Picked elements' gradients add up where they came from.
    static final class Gather implements Rule<GatherOp> {
        @Override
        public void save(GatherOp op, Link link) {
            link.saveInput(1);
        }

        @Override
        public void backward(GatherOp op, Backward b) {
            Tensor g = b.grad();
            b.set(0, ViewRules.zeros(b.inType(0), g).scatterAdd(op.axis(), b.input(1), g));
        }
    }

    /// Chosen values' gradients go back to where output 1 says that the values came from.
    record Chosen<O extends Op>(ToIntFunction<O> axis) implements Rule<O> {
        @Override
        public void save(O op, Link link) {
            link.saveOutput(1);
        }

        @Override
        public void backward(O op, Backward b) {
            Tensor g = b.grad(0);
            b.set(0, ViewRules.zeros(b.inType(0), g).scatterAdd(axis.applyAsInt(op), b.output(1), g));
        }
    }

    /// Sources written into a copy.
    static final class Scatter implements Rule<ScatterOp> {
        @Override
        public void save(ScatterOp op, Link link) {
            link.saveInput(1);
            switch (op.mode()) {
                case SET, ADD -> {}
                case MUL -> {
                    link.saveInput(0);
                    link.saveInput(2);
                }
                case MAX, MIN -> {
                    link.saveInput(0);
                    link.saveInput(2);
                    link.saveOutput(0);
                }
            }
        }

        @Override
        public void backward(ScatterOp op, Backward b) {
            Tensor g = b.grad();
            Tensor index = b.input(1);
            switch (op.mode()) {
                case SET -> set(op, b, g, index);
                case ADD -> {
                    b.set(0, g);
                    if (b.needs(2)) {
                        b.set(2, filled(g.gather(op.axis(), index), b.inType(2)));
                    }
                }
                case MUL -> mul(op, b, g, index);
                case MAX, MIN -> extreme(op, b, g, index);
            }
        }

        /// What was overwritten has no part; of several sources only the last was written.
        private static void set(ScatterOp op, Backward b, Tensor g, Tensor index) {
            if (b.needs(0)) {
                b.set(0, g.scatter(op.axis(), index, Tensors.zeros(index.shape(), g.dtype(), g.device())));
            }
            if (b.needs(2)) {
                Tensor numbers = Tensors.arange(0, index.elements(), 1, DType.I64, g.device()).reshape(index.shape());
                Tensor nobody = Tensors.full(g.shape(), -1, DType.I64, g.device());
                Tensor written = nobody.scatter(op.axis(), index, numbers).gather(op.axis(), index).eq(numbers);
                Tensor zero = Tensors.zeros(Shape.SCALAR, g.dtype(), g.device());
                b.set(2, filled(g.gather(op.axis(), index).where(written, zero), b.inType(2)));
            }
        }

        /// The product of all other factors that met, exact where factors are zero.
        private static void mul(ScatterOp op, Backward b, Tensor g, Tensor index) {
            int axis = op.axis();
            Tensor source = used(b.input(2), index);
            Tensor ones = Tensors.onesLike(g);
            if (b.needs(0)) {
                b.set(0, g.mul(ones.scatter(axis, index, source, ScatterOp.Mode.MUL)));
            }
            if (b.needs(2)) {
                Tensor isZero = source.eq(0.0);
                Tensor nonzero = Tensors.onesLike(source).where(isZero, source);
                Tensor product = ones.scatter(axis, index, nonzero, ScatterOp.Mode.MUL).gather(axis, index);
                Tensor zeros = Tensors.zeros(g.shape(), DType.I64, g.device())
                        .scatterAdd(axis, index, isZero.to(DType.I64)).gather(axis, index).sub(isZero.to(DType.I64));
                Tensor none = Tensors.zerosLike(source);
                Tensor others = product.div(nonzero).where(zeros.eq(0L), none);
                b.set(2, filled(g.mul(b.input(0)).gather(axis, index).mul(others), b.inType(2)));
            }
        }

        /// Shared evenly among those, the input included, that are as large as the result.
        private static void extreme(ScatterOp op, Backward b, Tensor g, Tensor index) {
            int axis = op.axis();
            Tensor result = b.output(0).detach();
            Tensor kept = b.input(0).detach().eq(result).to(g.dtype());
            Tensor won = used(b.input(2), index).detach().eq(result.gather(axis, index)).to(g.dtype());
            Tensor share = g.div(kept.scatterAdd(axis, index, won));
            if (b.needs(0)) {
                b.set(0, share.mul(kept));
            }
            if (b.needs(2)) {
                b.set(2, filled(share.gather(axis, index).mul(won), b.inType(2)));
            }
        }

        /// The part of a source that the index covers.
        private static Tensor used(Tensor source, Tensor index) {
            Tensor t = source;
            for (int a = 0; a < index.rank(); a++) {
                if (t.size(a) != index.size(a)) {
                    t = t.narrow(a, 0, index.size(a));
                }
            }
            return t;
        }

        /// The gradient of the part of a source that the index covers, with zeros for the rest.
        private static Tensor filled(Tensor g, TensorType source) {
            if (g.shape().equals(source.shape())) {
                return g;
            }
            List<Long> low = new ArrayList<>();
            List<Long> high = new ArrayList<>();
            for (int a = 0; a < source.rank(); a++) {
                low.add(0L);
                high.add(source.shape().dim(a) - g.size(a));
            }
            return Dispatcher.run(new Pad(low, high, 0), g);
        }
    }
}
