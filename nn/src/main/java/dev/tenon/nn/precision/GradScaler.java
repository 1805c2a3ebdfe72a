package dev.tenon.nn.precision;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.Stateful;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/// Multiplies the loss before the backward pass, so that small gradients do not vanish in `F16`, and divides the
/// gradients before the step. Steps whose gradients hold infinities or NaN are left out, and the factor is then made
/// smaller; after many good steps it grows.
///
/// ```java
/// var scaler = new GradScaler();
/// optimizer.zeroGrad();
/// scaler.scale(loss).backward();
/// scaler.unscale(optimizer);       // only where the gradients are read or clipped
/// scaler.step(optimizer);
/// scaler.update();
/// ```
///
/// Source: Micikevicius et al., "Mixed precision training", 2018.
public final class GradScaler implements Stateful {
    /// How the factor moves.
    ///
    /// @param initialScale the first factor, above 0
    /// @param growthFactor by what it is multiplied after `growthInterval` good steps, at least 1
    /// @param backoffFactor by what it is multiplied after a step that was left out, above 0 and below 1
    /// @param growthInterval how many good steps in a row make it grow
    public record Options(double initialScale, double growthFactor, double backoffFactor, long growthInterval) {
        /// From 65536, doubled after 2000 good steps, halved after each bad one.
        public static final Options DEFAULT = new Options(65536, 2, 0.5, 2000);

        /// Checks the numbers.
        ///
        /// @throws IllegalArgumentException if one is out of its range
        public Options {
            if (!(initialScale > 0 && growthFactor >= 1 && backoffFactor > 0 && backoffFactor < 1)
                    || growthInterval < 1) {
                throw new IllegalArgumentException("GradScaler: initialScale " + initialScale + ", growthFactor "
                        + growthFactor + ", backoffFactor " + backoffFactor + ", growthInterval " + growthInterval
                        + ": expected above 0, at least 1, between 0 and 1, at least 1");
            }
        }
    }

    private final Options options;
    private final Map<Optimizer, Unscaled> done = new IdentityHashMap<>();
    private double scale;
    private long good;

    /// What has become of an optimiser since the last update.
    private enum Unscaled {
        FINITE, INFINITE, STEPPED, SKIPPED
    }

    /// With [Options#DEFAULT].
    public GradScaler() {
        this(Options.DEFAULT);
    }

    /// With the given options.
    public GradScaler(Options options) {
        this.options = options;
        this.scale = options.initialScale;
    }

    /// The factor.
    public double scale() {
        return scale;
    }

    /// The loss times the factor.
    public Tensor scale(Tensor loss) {
        return loss.mul(scale);
    }

    /// Divides the gradients of an optimiser's parameters by the factor.
    ///
    /// @throws IllegalStateException if that was done already since the last [#update()]
    /// @throws IllegalArgumentException if a gradient is `F16`: dividing it would lose what scaling has saved
    public void unscale(Optimizer optimizer) {
        if (done.containsKey(optimizer)) {
            throw new IllegalStateException("GradScaler: unscale: the gradients of this optimizer were divided since"
                    + " the last update() already");
        }
        List<Tensor> gradients = optimizer.parameters().stream().map(Parameter::grad)
                .filter(Objects::nonNull).toList();
        for (Tensor g : gradients) {
            if (g.dtype() == DType.F16) {
                throw new IllegalArgumentException("GradScaler: a gradient " + g.type()
                        + " is f16: keep the parameters in f32 and compute under Autocast");
            }
        }
        boolean finite = true;
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            for (Tensor g : gradients) {
                g.mul_(1 / scale);
            }
            double bad = 0;
            for (Tensor g : gradients) {
                bad += zerosOrNaN(g).item();
            }
            finite = bad == 0;
        }
        done.put(optimizer, finite ? Unscaled.FINITE : Unscaled.INFINITE);
    }

    /// The sum of the elements times zero: 0, or NaN if one of them is infinite or NaN.
    private static Tensor zerosOrNaN(Tensor g) {
        DType work = g.dtype().kind().dtype();
        Lambda body = Lambda.of(Exprs.mul(Exprs.in(0, g.dtype()), 0), work);
        List<Integer> axes = IntStream.range(0, g.rank()).boxed().toList();
        return Dispatcher.run(new ReduceOp(Reducer.SUM, axes, false, body, Scalars.NONE), g);
    }

    /// Divides the gradients unless that was done, and steps if all of them are finite.
    ///
    /// @return whether the step was made
    /// @throws IllegalStateException if this was called already since the last [#update()]
    public boolean step(Optimizer optimizer) {
        if (!done.containsKey(optimizer)) {
            unscale(optimizer);
        }
        boolean finite = switch (done.getOrDefault(optimizer, Unscaled.INFINITE)) {
            case FINITE -> true;
            case INFINITE -> false;
            case STEPPED, SKIPPED -> throw new IllegalStateException(
                    "GradScaler: step: called for this optimizer since the last update() already");
        };
        if (finite) {
            optimizer.step();
        }
        done.put(optimizer, finite ? Unscaled.STEPPED : Unscaled.SKIPPED);
        return finite;
    }

    /// Moves the factor by what was found since the last time: once for each backward pass, after the steps.
    ///
    /// @throws IllegalStateException if no optimiser was stepped or its gradients divided
    public void update() {
        if (done.isEmpty()) {
            throw new IllegalStateException("GradScaler: update: call step(optimizer) before");
        }
        if (done.containsValue(Unscaled.INFINITE) || done.containsValue(Unscaled.SKIPPED)) {
            scale *= options.backoffFactor;
            good = 0;
        } else {
            good++;
            double grown = scale * options.growthFactor;
            if (good >= options.growthInterval) {
                good = 0;
                scale = grown <= Float.MAX_VALUE ? grown : scale;
            }
        }
        done.clear();
    }

    /// The state: the factor and how many good steps there were since it last moved.
    @Override
    public Map<String, Double> stateDict() {
        Map<String, Double> out = new LinkedHashMap<>();
        out.put("scale", scale);
        out.put("good", (double) good);
        return out;
    }

    @Override
    public void loadStateDict(Map<String, Double> state) {
        Double newScale = state.get("scale");
        Double newGood = state.get("good");
        if (newScale == null || newGood == null) {
            throw new IllegalArgumentException("GradScaler: the state has " + state.keySet() + ", expected "
                    + stateDict().keySet());
        }
        scale = newScale;
        good = newGood.longValue();
    }
}
