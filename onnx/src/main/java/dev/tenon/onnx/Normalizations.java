package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Formula;
import dev.tenon.api.Formula.Rule;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.LayerNorm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Normalisation and dropout.
final class Normalizations {
    private static final Formula SCALE_SHIFT =
            new Formula("scale_shift", Rule.FLOAT, a -> Exprs.add(Exprs.mul(a.x(0), a.x(1)), a.x(2)));

    private Normalizations() {}

    static void register(Operators r) {
        r.add("BatchNormalization", 1, Normalizations::batch);
        r.same("InstanceNormalization", 1, c -> {
            int[] axes = IntStream.range(2, c.x(0).rank()).toArray();
            Tensor normal = normalized(c.x(0), axes, c.attr("epsilon", 1e-5f), c.x(0).dtype().kind().dtype()).normal;
            int rank = c.x(0).rank();
            return SCALE_SHIFT.applyAll(List.of(normal, perChannel(c.x(1), rank), perChannel(c.x(2), rank)));
        });
        r.add("LayerNormalization", 17, Normalizations::layer);
        r.same("GroupNormalization", 18, Normalizations::group);
        r.add("RMSNormalization", 23, c -> List.of(c.like(1, rms(c))));
        r.same("MeanVarianceNormalization", 9, c -> {
            int rank = c.x(0).rank();
            int[] axes = Arrays.stream(c.integers("axes", new long[] {0, 2, 3}))
                    .mapToInt(a -> Call.axis(a, rank)).toArray();
            Tensor x = c.x(0).to(c.x(0).dtype().kind().dtype());
            Tensor centred = x.sub(x.mean(axes, true));
            return centred.div(centred.square().mean(axes, true).sqrt().add(1e-9));
        });
        r.same("LRN", 1, Normalizations::localResponse);
        r.add("Dropout", 1, Operators.Trait.RANDOM, Normalizations::dropout);
    }

    /// One number for each channel, shaped to broadcast over `[n, c, ...]`.
    static Tensor perChannel(Tensor t, int rank) {
        long[] dims = new long[rank];
        Arrays.fill(dims, 1);
        dims[1] = t.elements();
        return t.reshape(dims);
    }

    private record Normalized(Tensor normal, Tensor mean, Tensor rstd) {}

    /// Mean 0 and variance 1 over axes.
    private static Normalized normalized(Tensor x, int[] axes, double epsilon, DType work) {
        Tensor wide = x.to(work);
        Tensor mean = wide.mean(axes, true);
        Tensor centred = wide.sub(mean);
        Tensor rstd = centred.square().mean(axes, true).add(epsilon).rsqrt();
        return new Normalized(centred.mul(rstd), mean, rstd);
    }

    private static List<OnnxValue> batch(Call c) {
        Tensor x = c.x(0);
        double epsilon = c.attr("epsilon", 1e-5f);
        double momentum = c.attr("momentum", 0.9f);
        boolean training = c.since(14) ? c.flag("training_mode", false)
                : c.since(7) ? c.outputs() > 1 : !c.flag("is_test", false);
        Tensor rows = x.rank() == 1 ? x.unsqueeze(1) : x;
        if (!training) {
            DType work = x.dtype().kind().dtype();
            Tensor rstd = c.x(4).to(work).add(epsilon).rsqrt();
            Tensor scale = rstd.mul(c.x(1));
            Tensor shift = c.x(2).to(work).sub(c.x(3).to(work).mul(scale));
            Tensor y = SCALE_SHIFT.applyAll(
                    List.of(rows, perChannel(scale, rows.rank()), perChannel(shift, rows.rank())));
            return List.of(c.like(0, y.reshape(x.shape())));
        }
        List<Tensor> out = Dispatcher.apply(new BatchNorm(epsilon), List.of(rows, c.x(1), c.x(2)));
        Tensor mean = out.get(1);
        Tensor var = out.get(2).square().reciprocal().sub(epsilon);
        List<OnnxValue> all = new ArrayList<>();
        all.add(c.like(0, out.getFirst().reshape(x.shape())));
        all.add(c.like(3, c.x(3).mul(momentum).add(mean.mul(1 - momentum))));
        all.add(c.like(4, c.x(4).mul(momentum).add(var.mul(1 - momentum))));
        all.add(c.like(3, mean));
        all.add(c.like(4, var));
        return all;
    }

    private static int[] lastAxes(Call c) {
        int rank = c.x(0).rank();
        return IntStream.range(c.axis("axis", -1, rank), rank).toArray();
    }

    private static DType stash(Call c) {
        DType own = c.x(0).dtype().kind().dtype();
        DType stash = Call.type(c.attr("stash_type", 1)).dtype().kind().dtype();
        return DType.promote(own, stash);
    }

    private static List<OnnxValue> layer(Call c) {
        Tensor x = c.x(0);
        int[] axes = lastAxes(c);
        double epsilon = c.attr("epsilon", 1e-5f);
        DType stash = Call.type(c.attr("stash_type", 1)).dtype();
        Shape rows = x.shape().slice(0, axes[0]);
        Shape normalized = x.shape().slice(axes[0], x.rank());
        boolean plain = stash(c) == x.dtype().kind().dtype() && c.x(1).shape().equals(normalized)
                && (!c.has(2) || c.x(2).shape().equals(normalized));
        Tensor y;
        Tensor mean;
        Tensor rstd;
        if (plain) {
            Tensor shift = c.has(2) ? c.x(2) : Tensors.zerosLike(c.x(1));
            List<Tensor> out = Dispatcher.apply(new LayerNorm(axes.length, epsilon), List.of(x, c.x(1), shift));
            y = out.get(0);
            mean = out.get(1);
            rstd = out.get(2);
        } else {
            Normalized n = normalized(x, axes, epsilon, stash(c));
            y = c.has(2) ? SCALE_SHIFT.applyAll(List.of(n.normal, c.x(1), c.x(2))) : n.normal.mul(c.x(1));
            mean = n.mean;
            rstd = n.rstd;
        }
        Shape statistics = rows.concat(Shape.of(LongStream.range(0, axes.length).map(_ -> 1).toArray()));
        return List.of(c.like(0, y), OnnxValue.of(mean.reshape(statistics).to(stash)),
                OnnxValue.of(rstd.reshape(statistics).to(stash)));
    }

    private static Tensor rms(Call c) {
        Tensor wide = c.x(0).to(stash(c));
        Tensor rstd = wide.square().mean(lastAxes(c), true).add(c.attr("epsilon", 1e-5f)).rsqrt();
        return wide.mul(rstd).mul(c.x(1));
    }

    /// Scale and shift are per channel, before version 21 per group.
    private static Tensor group(Call c) {
        Tensor x = c.x(0);
        long groups = c.attr("num_groups", 0);
        if (x.rank() < 2 || groups < 1 || x.size(1) % groups != 0) {
            throw new IllegalArgumentException("input " + x.shape() + ", num_groups " + groups
                    + ": expected [n, c, ...] and a number that divides the channels");
        }
        Tensor t = x.reshape(x.size(0), groups, -1);
        Tensor normal = normalized(t, new int[] {2}, c.attr("epsilon", 1e-5f), stash(c)).normal.reshape(x.shape());
        Tensor scale = c.x(1);
        Tensor shift = c.x(2);
        if (scale.elements() == groups && groups != x.size(1)) {
            scale = scale.repeatInterleave(x.size(1) / groups, 0);
            shift = shift.repeatInterleave(x.size(1) / groups, 0);
        }
        return SCALE_SHIFT.applyAll(List.of(normal, perChannel(scale, x.rank()), perChannel(shift, x.rank())));
    }

    /// Division by a power of the sum of squares over neighbouring channels (Krizhevsky et al., 2012).
    private static Tensor localResponse(Call c) {
        Tensor x = c.x(0);
        long size = c.attr("size", 1);
        long[] low = new long[x.rank()];
        long[] high = new long[x.rank()];
        low[1] = (size - 1) / 2;
        high[1] = size - 1 - low[1];
        Tensor squares = Arrangements.constantPad(x.square(), low, high, c.full(Shape.SCALAR, 0, x.dtype()));
        Tensor sum = squares.unfold(1, size, 1).sum(-1);
        double alpha = c.attr("alpha", 1e-4f);
        return x.div(sum.mul(alpha / size).add(c.attr("bias", 1.0)).pow(c.attr("beta", 0.75)));
    }

    private static List<OnnxValue> dropout(Call c) {
        Tensor x = c.x(0);
        boolean training = c.since(12) ? c.has(2) && c.longs(2)[0] != 0 : !c.since(7) && !c.flag("is_test", false);
        double ratio = !training ? 0 : c.since(12) ? c.has(1) ? c.number(1) : 0.5 : c.attr("ratio", 0.5);
        Tensor y = x;
        Tensor mask = c.full(x.shape(), 1, DType.BOOL);
        if (training && ratio > 0) {
            Generator g = c.hasAttr("seed") ? new Generator(c.attr("seed", 0)) : Generator.getDefault();
            mask = Tensors.bernoulli(x.shape(), 1 - ratio, x.device(), g);
            y = x.mul(mask.to(x.dtype())).div(1 - ratio);
        }
        return List.of(c.like(0, y), c.since(10) ? OnnxValue.of(mask) : c.like(0, mask.to(x.dtype())));
    }
}
