package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.DType;
import dev.tenon.api.ReductionOps.ValuesAndIndices;
import dev.tenon.api.StatisticsOps.SpreadAndMean;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Operations that combine elements along axes.
final class ReductionTable {
    private ReductionTable() {}

    static void fill() {
        sums();
        extremes();
        moments();
        scans();
        others();
    }

    static int[] axes(Args a) {
        return a.has("dim") ? a.ints("dim") : new int[0];
    }

    static boolean keep(Args a) {
        return a.b("keepdim", false);
    }

    private static Tensor typed(Args a) {
        DType d = a.dtype("dtype");
        return d == null ? a.x() : a.x().to(d);
    }

    private static void sums() {
        for (String name : new String[] {"sum", "promotion.sum"}) {
            add(name, "input dim keepdim dtype", a -> a.dtype("dtype") == null
                    ? a.x().sum(axes(a), keep(a))
                    : a.x().sum(axes(a), keep(a), a.dtype("dtype", DType.F32)));
        }
        for (String name : new String[] {"mean", "promotion.mean"}) {
            add(name, "input dim keepdim dtype", a -> typed(a).mean(axes(a), keep(a)));
        }
        for (String name : new String[] {"prod", "promotion.prod"}) {
            add(name, "input dim keepdim dtype", a -> a.has("dim")
                    ? typed(a).prod(a.axis("dim"), keep(a))
                    : typed(a).prod());
        }
        add("nansum", "input dim keepdim dtype", a -> typed(a).nansum(axes(a), keep(a)));
        add("nanmean", "input dim keepdim dtype", a -> typed(a).nanmean(axes(a), keep(a)));
        add("count_nonzero", "input dim", a -> a.x().countNonzero(axes(a)));
        add("all", "input dim keepdim", a -> a.x().all(axes(a), keep(a)));
        add("any", "input dim keepdim", a -> a.x().any(axes(a), keep(a)));
        add("logsumexp", "input dim keepdim", a -> a.x().logsumexp(axes(a), keep(a)));
        add("trace", "input", a -> a.x().trace());
    }

    private static Object extreme(Args a, boolean max) {
        if (a.isTensor("dim")) {
            return max ? a.x().maximum(a.t("dim")) : a.x().minimum(a.t("dim"));
        }
        if (!a.has("dim")) {
            return max ? a.x().max() : a.x().min();
        }
        ValuesAndIndices v = max ? a.x().max(a.axis("dim"), keep(a)) : a.x().min(a.axis("dim"), keep(a));
        return List.of(v.values(), v.indices());
    }

    private static void extremes() {
        // The second argument is an axis or another tensor.
        add("max", "input dim keepdim", a -> extreme(a, true));
        add("min", "input dim keepdim", a -> extreme(a, false));
        add("amax", "input dim keepdim", a -> a.x().amax(axes(a), keep(a)));
        add("amin", "input dim keepdim", a -> a.x().amin(axes(a), keep(a)));
        add("aminmax", "input dim keepdim", a -> {
            if (a.x().rank() == 0 && a.has("dim") && keep(a)) {
                throw new NotComparable("PyTorch 1.13 gives a scalar one axis where keepdim is set; nothing else does");
            }
            var m = a.x().aminmax(axes(a), keep(a));
            return List.of(m.min(), m.max());
        });
        add("argmax", "input dim keepdim", a -> a.has("dim") ? a.x().argmax(a.axis("dim"), keep(a))
                : whole(a, a.x().argmax()));
        add("argmin", "input dim keepdim", a -> a.has("dim") ? a.x().argmin(a.axis("dim"), keep(a))
                : whole(a, a.x().argmin()));
    }

    /// A reduction of all elements, with its axes kept where asked for.
    private static Tensor whole(Args a, Tensor scalar) {
        long[] ones = new long[a.x().rank()];
        Arrays.fill(ones, 1);
        return keep(a) ? scalar.reshape(ones) : scalar;
    }

    /// `var(input, unbiased)`, `var(input, dim, unbiased, keepdim)` and `var(input, dim, correction=, keepdim=)`.
    private record Spread(int[] axes, double correction) {
        static Spread of(Args a) {
            boolean flagFirst = a.get("dim") instanceof Boolean;
            boolean unbiased = flagFirst ? a.b("dim", true) : a.b("unbiased", true);
            return new Spread(flagFirst ? new int[0] : ReductionTable.axes(a),
                    a.has("correction") ? a.f("correction") : unbiased ? 1 : 0);
        }
    }

    private static void moments() {
        String signature = "input dim unbiased keepdim correction";
        add("var", signature, a -> {
            Spread s = Spread.of(a);
            return a.x().var(s.axes(), s.correction(), keep(a));
        });
        add("std", signature, a -> {
            Spread s = Spread.of(a);
            return a.x().std(s.axes(), s.correction(), keep(a));
        });
        add("var_mean", signature, a -> {
            Spread s = Spread.of(a);
            return pair(a.x().varMean(s.axes(), s.correction(), keep(a)));
        });
        add("std_mean", signature, a -> {
            Spread s = Spread.of(a);
            return pair(a.x().stdMean(s.axes(), s.correction(), keep(a)));
        });
        add("cov", "input correction fweights aweights",
                a -> a.x().cov(a.i("correction", 1), a.opt("fweights"), a.opt("aweights")));
        add("corrcoef", "input", a -> a.x().corrcoef());
    }

    private static List<Tensor> pair(SpreadAndMean s) {
        return List.of(s.spread(), s.mean());
    }

    private static List<Tensor> pair(ValuesAndIndices v) {
        return List.of(v.values(), v.indices());
    }

    private static void scans() {
        add("cumsum", "input dim dtype", a -> typed(a).cumsum(a.axis("dim")));
        add("cumprod", "input dim dtype", a -> typed(a).cumprod(a.axis("dim")));
        add("cummax", "input dim", a -> pair(a.x().cummax(a.axis("dim"))));
        add("cummin", "input dim", a -> pair(a.x().cummin(a.axis("dim"))));
        add("logcumsumexp", "input dim", a -> a.x().logcumsumexp(a.axis("dim")));
        add("diff", "input n dim prepend append", a -> {
            int axis = a.axis("dim", -1);
            List<Tensor> parts = new ArrayList<>();
            if (a.has("prepend")) {
                parts.add(a.t("prepend"));
            }
            parts.add(a.x());
            if (a.has("append")) {
                parts.add(a.t("append"));
            }
            Tensor x = parts.size() == 1 ? a.x() : Tensors.cat(axis, parts);
            return x.diff((int) a.i("n", 1), axis);
        });
        for (String name : new String[] {"trapz", "trapezoid"}) {
            add(name, "y x dx dim", a -> a.isTensor("x")
                    ? a.t("y").trapezoid(a.t("x"), a.axis("dim", -1))
                    : a.t("y").trapezoid(a.f("dx", 1), a.axis("dim", -1)));
        }
        add("cumulative_trapezoid", "y x dx dim", a -> a.isTensor("x")
                ? a.t("y").cumulativeTrapezoid(a.t("x"), a.axis("dim", -1))
                : a.t("y").cumulativeTrapezoid(a.f("dx", 1), a.axis("dim", -1)));
    }

    /// One derivative for each axis; the spacing is a number, or numbers or coordinates for each axis.
    private static Object gradient(Args a) {
        int[] axes = a.has("dim") ? a.ints("dim") : IntStream.range(0, a.x().rank()).toArray();
        if (Arrays.stream(axes).map(a.x().shape()::axis).distinct().count() != axes.length) {
            throw new TensorException("gradient: axes " + Arrays.toString(axes) + " name one axis twice");
        }
        List<Tensor> out = new ArrayList<>();
        for (int i = 0; i < axes.length; i++) {
            Object s = a.get("spacing") instanceof List<?> l ? l.get(i) : a.get("spacing");
            Tensor spacing = s instanceof Tensor t && t.rank() == 1 ? t.diff(1, 0)
                    : ElementwiseTable.number(s == null ? 1.0 : s, a.x().rank() == 0 ? a.x() : a.x().detach());
            out.add(a.x().gradient(axes[i], spacing, (int) a.i("edge_order", 1)));
        }
        return out;
    }

    private static void others() {
        add("gradient", "input spacing dim edge_order", ReductionTable::gradient);
        add("dist", "input other p", a -> a.x().dist(a.t("other"), a.f("p", 2)));
        add("softmax", "input dim dtype", a -> typed(a).softmax(a.axis("dim")));
        add("log_softmax", "input dim dtype", a -> typed(a).logSoftmax(a.axis("dim")));
        add("nn.functional.softmin", "input dim dtype", a -> typed(a).neg().softmax(a.axis("dim")));
    }
}
