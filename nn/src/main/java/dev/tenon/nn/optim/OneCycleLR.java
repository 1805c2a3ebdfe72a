package dev.tenon.nn.optim;

/// Up from a small learning rate to the highest, and down to a very small one: trains fast where the highest is near
/// the limit of stability. The learning rate of the optimiser plays no part.
///
/// Source: Smith and Topin, "Super-convergence", 2019.
///
/// @param maxLr the highest learning rate
/// @param totalSteps all steps; after them the last learning rate stays
/// @param pctStart the part of the steps that goes up, 0 to 1
/// @param linear whether along lines rather than half cosines
/// @param divFactor the first learning rate is maxLr / divFactor
/// @param finalDivFactor the last learning rate is maxLr / divFactor / finalDivFactor
/// @param threePhase whether it goes down in as many steps as up, and then on to the last
public record OneCycleLR(double maxLr, long totalSteps, double pctStart, boolean linear, double divFactor,
        double finalDivFactor, boolean threePhase) implements Schedule {
    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if there are no steps or the part is not one of 1
    public OneCycleLR {
        if (totalSteps < 1 || !(pctStart >= 0 && pctStart <= 1)) {
            throw new IllegalArgumentException("OneCycleLR: totalSteps " + totalSteps + ", pctStart " + pctStart
                    + ": expected at least 1 step and a part from 0 to 1");
        }
    }

    /// Along half cosines, up in the first 30 % of the steps, from 1/25 of the highest to 1/250000.
    public OneCycleLR(double maxLr, long totalSteps) {
        this(maxLr, totalSteps, 0.3, false, 25, 1e4, false);
    }

    @Override
    public double lr(long step, double base) {
        double first = maxLr / divFactor;
        return cycle(step, first, maxLr, first, first / finalDivFactor);
    }

    /// The schedule of a momentum that falls while the learning rate rises and rises while it falls, for
    /// [LRScheduler#of(Optimizer, String, Schedule)].
    ///
    /// @param low the momentum at the highest learning rate
    /// @param high the momentum at the ends
    public Schedule momentum(double low, double high) {
        return (step, _) -> cycle(step, high, low, high, high);
    }

    private double cycle(long step, double first, double middle, double third, double last) {
        double top = pctStart * totalSteps - 1;
        double end = (double) totalSteps - 1;
        double at = Math.min(step, end);
        if (at <= top) {
            return between(first, middle, top > 0 ? at / top : 1);
        }
        if (!threePhase) {
            return between(middle, last, (at - top) / (end - top));
        }
        double down = 2 * pctStart * totalSteps - 2;
        return at <= down ? between(middle, third, (at - top) / (down - top))
                : between(third, last, (at - down) / (end - down));
    }

    private double between(double from, double to, double part) {
        return linear ? from + (to - from) * part : to + (from - to) / 2 * (1 + Math.cos(Math.PI * part));
    }
}
