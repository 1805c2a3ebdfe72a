package dev.tenon.nn.optim;

import dev.tenon.api.Tensor;

/// One step of the optimiser for several batches, whose gradients are averaged: a batch that would not fit into memory
/// is worked off in parts. With losses that are means over equally large parts, the step is that of the whole batch.
///
/// ```java
/// var accumulation = new GradientAccumulation(optimizer, 4);
/// for (var batch : loader) {
///     if (accumulation.backward(loss(batch))) {
///         scheduler.step();
///     }
/// }
/// ```
public final class GradientAccumulation {
    private final Optimizer optimizer;
    private final int steps;
    private int done;

    /// @param steps how many batches make a step, at least 1
    /// @throws IllegalArgumentException if that is less
    public GradientAccumulation(Optimizer optimizer, int steps) {
        if (steps < 1) {
            throw new IllegalArgumentException("gradient accumulation: " + steps
                    + " batches a step: expected 1 or more");
        }
        this.optimizer = optimizer;
        this.steps = steps;
    }

    /// Adds the gradients of a loss; after the last of `steps` losses changes the parameters and clears the gradients.
    ///
    /// @return whether the parameters were changed
    public boolean backward(Tensor loss) {
        loss.div((double) steps).backward();
        done++;
        if (done < steps) {
            return false;
        }
        flush();
        return true;
    }

    /// Changes the parameters by what was added since the last step, if there is something: at the end of an epoch. The
    /// gradient is then that of the losses there are divided by `steps`.
    public void flush() {
        if (done > 0) {
            done = 0;
            optimizer.step();
            optimizer.zeroGrad();
        }
    }
}
