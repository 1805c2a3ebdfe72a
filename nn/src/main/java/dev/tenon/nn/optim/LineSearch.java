package dev.tenon.nn.optim;

import java.util.function.DoubleFunction;

/// Finds a step along a direction that meets the strong Wolfe conditions: the loss has fallen by at least `C1` of what
/// the slope promised, and the slope is at most `C2` of what it was. First the step grows until an interval is known to
/// hold such a point, then that interval shrinks, both by cubic interpolation.
///
/// Source: Nocedal and Wright, "Numerical optimization", 2nd ed., algorithms 3.5 and 3.6, interpolation (3.59).
///
/// @param <P> what is kept of a point beside its loss and slope
final class LineSearch<P> {
    private static final double C1 = 1e-4;
    private static final double C2 = 0.9;
    private static final int MOST = 25;

    /// A point on the line.
    ///
    /// @param t the step
    /// @param loss the loss there
    /// @param slope its derivative by the step
    /// @param kept what else is kept of it
    record Point<P>(double t, double loss, double slope, P kept) {}

    private final DoubleFunction<Point<P>> evaluate;
    private final Point<P> start;
    private final double smallest;
    private int evaluations;

    /// @param evaluate evaluates the loss at a step
    /// @param start the point at step 0
    /// @param smallest intervals that are shorter are not searched
    LineSearch(DoubleFunction<Point<P>> evaluate, Point<P> start, double smallest) {
        this.evaluate = evaluate;
        this.start = start;
        this.smallest = smallest;
    }

    int evaluations() {
        return evaluations;
    }

    private Point<P> at(double t) {
        evaluations++;
        return evaluate.apply(t);
    }

    private boolean tooHigh(Point<P> p) {
        return !(p.loss <= start.loss + C1 * p.t * start.slope);
    }

    private boolean flat(Point<P> p) {
        return Math.abs(p.slope) <= -C2 * start.slope;
    }

    /// The best point found.
    ///
    /// @param first the first step to try
    Point<P> search(double first) {
        Point<P> before = start;
        double t = first;
        while (evaluations < MOST) {
            Point<P> p = at(t);
            if (tooHigh(p) || evaluations > 1 && p.loss >= before.loss) {
                return zoom(before, p);
            }
            if (flat(p)) {
                return p;
            }
            if (p.slope >= 0) {
                return zoom(p, before);
            }
            double least = p.t + 0.01 * (p.t - before.t);
            double guess = cubic(before, p);
            t = Double.isNaN(guess) ? (least + 10 * p.t) / 2 : Math.clamp(guess, least, 10 * p.t);
            before = p;
        }
        return before;
    }

    /// @param lowest the end of the interval with the lower loss
    private Point<P> zoom(Point<P> lowest, Point<P> end) {
        Point<P> low = lowest;
        Point<P> high = end;
        boolean stuck = false;
        while (evaluations < MOST && Math.abs(high.t - low.t) * -start.slope > smallest) {
            double left = Math.min(low.t, high.t);
            double right = Math.max(low.t, high.t);
            double margin = 0.1 * (right - left);
            double t = cubic(low, high);
            if (!(t >= left && t <= right)) {
                t = (left + right) / 2;
            }
            // Near an end the interval would hardly shrink: once that is let pass, then not.
            boolean near = t < left + margin || t > right - margin;
            if (near && (stuck || t <= left || t >= right)) {
                t = t - left < right - t ? left + margin : right - margin;
                near = false;
            }
            stuck = near;
            Point<P> p = at(t);
            if (tooHigh(p) || p.loss >= low.loss) {
                high = p;
                continue;
            }
            if (flat(p)) {
                return p;
            }
            if (p.slope * (high.t - low.t) >= 0) {
                high = low;
            }
            low = p;
        }
        return low;
    }

    /// The minimum of the cubic through two points with their slopes; NaN where it has none.
    private static double cubic(Point<?> a, Point<?> b) {
        double d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
        double d2 = Math.copySign(Math.sqrt(d1 * d1 - a.slope * b.slope), b.t - a.t);
        return b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    }
}
