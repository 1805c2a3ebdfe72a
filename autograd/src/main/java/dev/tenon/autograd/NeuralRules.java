package dev.tenon.autograd;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.AvgPoolBackward;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.Softmax;
import dev.tenon.api.op.UnaryFn;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Composites whose gradient is better than that of their decomposition.
final class NeuralRules {
    private NeuralRules() {}

    /// `y (g - sum(g y))`.
    static final class OfSoftmax implements Rule<Softmax> {
        @Override
        public void save(Softmax op, Link link) {
            link.saveOutput(0);
        }

        @Override
        public void backward(Softmax op, Backward b) {
            Tensor g = b.grad();
            Tensor y = b.output(0);
            DType d = g.dtype();
            DType work = d.kind().dtype();
            Lambda product = Lambda.of(Exprs.mul(Exprs.in(0, d), Exprs.in(1, d)), work);
            Tensor s = Dispatcher.run(sum(op.axis(), g.rank(), product), g, y);
            Expr e = Exprs.mul(Exprs.in(1, d), Exprs.sub(Exprs.in(0, d), Exprs.in(2, work)));
            b.set(0, Dispatcher.run(MapOp.of("softmax_backward", Lambda.of(e, d)), g, y, s));
        }
    }

    /// `g - exp(y) sum(g)`.
    static final class OfLogSoftmax implements Rule<LogSoftmax> {
        @Override
        public void save(LogSoftmax op, Link link) {
            link.saveOutput(0);
        }

        @Override
        public void backward(LogSoftmax op, Backward b) {
            Tensor g = b.grad();
            DType d = g.dtype();
            DType work = d.kind().dtype();
            Tensor s = Dispatcher.run(sum(op.axis(), g.rank(), Lambda.of(Exprs.in(0, d), work)), g);
            Expr p = Exprs.unary(UnaryFn.EXP, Exprs.in(1, d));
            Expr e = Exprs.sub(Exprs.in(0, d), Exprs.mul(p, Exprs.in(2, work)));
            b.set(0, Dispatcher.run(MapOp.of("log_softmax_backward", Lambda.of(e, d)), g, b.output(0), s));
        }
    }

    private static ReduceOp sum(int axis, int rank, Lambda prologue) {
        List<Integer> axes = rank == 0 ? List.of() : List.of(axis);
        return new ReduceOp(Reducer.SUM, axes, true, prologue, Scalars.NONE);
    }

    /// All axes but that of the channels.
    private static int[] butChannels(int rank) {
        return IntStream.range(0, rank).filter(i -> i != 1).toArray();
    }

    /// A convolution is linear in both operands; its two gradients are, too, in theirs.
    static final class OfConvolution implements Rule<Convolution> {
        @Override
        public void save(Convolution op, Link link) {
            if (link.needs(1)) {
                link.saveInput(0);
            }
            if (link.needs(0)) {
                link.saveInput(1);
            }
        }

        @Override
        public void backward(Convolution op, Backward b) {
            Tensor g = b.grad();
            if (b.needs(0)) {
                b.set(0, Dispatcher.run(new ConvolutionBackwardData(op, b.inType(0).shape()), g, b.input(1)));
            }
            if (b.needs(1)) {
                b.set(1, Dispatcher.run(new ConvolutionBackwardWeight(op, b.inType(1).shape()), b.input(0), g));
            }
            if (b.inputs() > 2 && b.needs(2)) {
                b.set(2, g.sum(butChannels(g.rank()), false));
            }
        }
    }

    /// Operands: the gradient of a convolution's result, the weight.
    static final class OfConvolutionBackwardData implements Rule<ConvolutionBackwardData> {
        @Override
        public void save(ConvolutionBackwardData op, Link link) {
            if (link.needs(1)) {
                link.saveInput(0);
            }
            if (link.needs(0)) {
                link.saveInput(1);
            }
        }

        @Override
        public void backward(ConvolutionBackwardData op, Backward b) {
            Tensor v = b.grad();
            if (b.needs(0)) {
                b.set(0, Dispatcher.run(op.convolution(), v, b.input(1)));
            }
            if (b.needs(1)) {
                Shape weight = b.inType(1).shape();
                b.set(1, Dispatcher.run(new ConvolutionBackwardWeight(op.convolution(), weight), v, b.input(0)));
            }
        }
    }

    /// Operands: the input of a convolution, the gradient of its result.
    static final class OfConvolutionBackwardWeight implements Rule<ConvolutionBackwardWeight> {
        @Override
        public void save(ConvolutionBackwardWeight op, Link link) {
            if (link.needs(1)) {
                link.saveInput(0);
            }
            if (link.needs(0)) {
                link.saveInput(1);
            }
        }

        @Override
        public void backward(ConvolutionBackwardWeight op, Backward b) {
            Tensor v = b.grad();
            if (b.needs(0)) {
                Shape input = b.inType(0).shape();
                b.set(0, Dispatcher.run(new ConvolutionBackwardData(op.convolution(), input), b.input(1), v));
            }
            if (b.needs(1)) {
                b.set(1, Dispatcher.run(op.convolution(), b.input(0), v));
            }
        }
    }

    /// Each window's gradient goes to the position that won.
    static final class OfMaxPool implements Rule<MaxPool> {
        @Override
        public void save(MaxPool op, Link link) {
            link.saveOutput(1);
        }

        @Override
        public void backward(MaxPool op, Backward b) {
            b.set(0, Dispatcher.run(new MaxPoolBackward(b.inType(0).shape()), b.grad(0), b.output(1)));
        }
    }

    /// Operands: the gradient of the pooled values, the positions that won.
    static final class OfMaxPoolBackward implements Rule<MaxPoolBackward> {
        @Override
        public void save(MaxPoolBackward op, Link link) {
            link.saveInput(1);
        }

        @Override
        public void backward(MaxPoolBackward op, Backward b) {
            Tensor v = b.grad();
            Tensor at = b.input(1);
            b.set(0, v.flatten(2, -1).gather(2, at.flatten(2, -1)).reshape(at.shape()));
        }
    }

    static void avgPool(AvgPool op, Backward b) {
        b.set(0, Dispatcher.run(new AvgPoolBackward(op, b.inType(0).shape()), b.grad()));
    }

    static final class OfAttention implements Rule<Attention> {
        @Override
        public void save(Attention op, Link link) {
            for (int i = 0; i < link.inputs(); i++) {
                link.saveInput(i);
            }
            link.saveOutput(0);
            link.saveOutput(1);
        }

        @Override
        public void backward(Attention op, Backward b) {
            Tensor g = b.grad(0);
            Tensor total = b.output(1);
            DType work = total.dtype();
            Tensor along = g.to(work).mul(b.output(0).to(work)).sum(-1);
            Tensor gTotal = b.gradOrNull(1);
            if (gTotal != null) {
                along = along.sub(gTotal);
            }
            List<Tensor> in = new ArrayList<>(List.of(g, b.input(0), b.input(1), b.input(2), total, along));
            boolean masked = b.inputs() > 3;
            if (masked) {
                in.add(b.input(3));
            }
            boolean sumsAlone = gTotal == null;
            if (sumsAlone) {
                in.add(b.output(0));
            }
            AttentionBackward backward = new AttentionBackward(op, sumsAlone);
            List<Tensor> grads = Dispatcher.apply(backward, in);
            for (int i = 0; i < 3; i++) {
                b.set(i, grads.get(i));
            }
            if (masked && b.needs(3)) {
                b.set(3, MapRule.sumTo(backward.ofScores(in), b.inType(3).shape()).to(b.inType(3).dtype()));
            }
        }
    }

    static void avgPoolBackward(AvgPoolBackward op, Backward b) {
        b.set(0, Dispatcher.run(op.pool(), b.grad()));
    }
}
