package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Reducer;
import dev.tenon.backend.cpu.block.Reductions;

/// What has been reduced so far: a value, for positions with where it is.
final class Accumulator {
    private final Reductions reductions;
    private final Reducer reducer;
    private final Kind kind;
    private double number;
    private double lost;
    private long integer;
    private long position;
    private boolean empty;

    /// @param kind the kind of the values
    Accumulator(Reductions reductions, Reducer reducer, Kind kind) {
        this.reductions = reductions;
        this.reducer = reducer;
        this.kind = kind;
        reset();
    }

    /// Starts anew.
    void reset() {
        empty = true;
        position = 0;
        lost = 0;
        switch (reducer) {
            case SUM, ANY -> set(0, 0);
            case PROD, ALL -> set(1, 1);
            case MAX, ARGMAX -> set(Double.NEGATIVE_INFINITY, Long.MIN_VALUE);
            case MIN, ARGMIN -> set(Double.POSITIVE_INFINITY, Long.MAX_VALUE);
        }
    }

    private void set(double d, long l) {
        number = d;
        integer = l;
    }

    /// Takes in a block of values, the first of which is at position `first` of the reduced axes.
    void add(long x, int n, long first) {
        if (n == 0) {
            return;
        }
        boolean max = reducer == Reducer.MAX || reducer == Reducer.ARGMAX;
        if (reducer.isArg()) {
            choose(x, n, first, max);
        } else if (kind.isFloating()) {
            switch (reducer) {
                case SUM -> plus(reductions.sum(kind, x, n));
                case PROD -> number *= reductions.product(kind, x, n);
                default -> extreme(reductions.extreme(kind, x, n, max), max);
            }
        } else {
            integer = reductions.combine(reducer, kind, x, n, integer);
        }
        empty = false;
    }

    /// Neumaier's compensated sum.
    private void plus(double v) {
        double t = number + v;
        double e = Math.abs(number) >= Math.abs(v) ? number - t + v : v - t + number;
        lost += Double.isNaN(e) ? 0 : e;
        number = t;
    }

    private void extreme(double v, boolean max) {
        number = max ? Math.max(number, v) : Math.min(number, v);
    }

    private void choose(long x, int n, long first, boolean max) {
        if (kind.isFloating()) {
            double v = reductions.extreme(kind, x, n, max);
            if (better(v, max)) {
                number = v;
                position = first + reductions.find(kind, x, n, v);
            }
            return;
        }
        for (int i = 0; i < n; i++) {
            long v = Reductions.integer(kind, x, i);
            if (empty || (max ? v > integer : v < integer)) {
                integer = v;
                position = first + i;
                empty = false;
            }
        }
    }

    private boolean better(double v, boolean max) {
        if (empty || Double.isNaN(v)) {
            return empty || !Double.isNaN(number);
        }
        return max ? v > number : v < number;
    }

    /// Takes in what another one has reduced, which lies behind what this one has.
    void merge(Accumulator o) {
        if (o.empty) {
            return;
        }
        switch (reducer) {
            case SUM -> {
                integer += o.integer;
                plus(o.number);
                lost += o.lost;
            }
            case PROD -> {
                integer *= o.integer;
                number *= o.number;
            }
            case MAX -> {
                integer = Math.max(integer, o.integer);
                number = Math.max(number, o.number);
            }
            case MIN -> {
                integer = Math.min(integer, o.integer);
                number = Math.min(number, o.number);
            }
            case ANY -> integer |= o.integer;
            case ALL -> integer &= o.integer;
            case ARGMAX, ARGMIN -> {
                boolean max = reducer == Reducer.ARGMAX;
                boolean take = kind.isFloating() ? better(o.number, max)
                        : empty || (max ? o.integer > integer : o.integer < integer);
                if (take) {
                    number = o.number;
                    integer = o.integer;
                    position = o.position;
                }
            }
        }
        empty = false;
    }

    /// Stores the result.
    void store(DType dtype, long at) {
        if (reducer.isArg()) {
            Values.putLong(dtype, at, position);
        } else if (kind.isFloating()) {
            Values.putDouble(dtype, at, Double.isFinite(number) ? number + lost : number);
        } else {
            Values.putLong(dtype, at, integer);
        }
    }
}
