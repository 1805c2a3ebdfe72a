package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.ConstantLR;
import dev.tenon.nn.optim.CosineAnnealingLR;
import dev.tenon.nn.optim.CosineAnnealingWarmRestarts;
import dev.tenon.nn.optim.CyclicLR;
import dev.tenon.nn.optim.ExponentialLR;
import dev.tenon.nn.optim.LRScheduler;
import dev.tenon.nn.optim.LinearLR;
import dev.tenon.nn.optim.MultiStepLR;
import dev.tenon.nn.optim.OneCycleLR;
import dev.tenon.nn.optim.PolynomialLR;
import dev.tenon.nn.optim.ReduceLROnPlateau;
import dev.tenon.nn.optim.SGD;
import dev.tenon.nn.optim.Schedule;
import dev.tenon.nn.optim.StepLR;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static void check(Schedule s, double base, double... expected) {
        SGD o = new SGD(new Linear(1, 1).parameters(), base);
        LRScheduler scheduler = new LRScheduler(o, s);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], o.groups().getFirst().lr(), 1e-12, "after " + i + " steps");
            scheduler.step();
        }
    }

    @Test
    void learningRates() {
        check(new StepLR(2, 0.1), 1, 1, 1, 0.1, 0.1, 0.01);
        check(new MultiStepLR(List.of(1L, 3L), 0.5), 8, 8, 4, 4, 2, 2);
        check(new ExponentialLR(0.5), 8, 8, 4, 2, 1);
        check(new CosineAnnealingLR(4, 1), 3, 3, 2 + Math.sqrt(0.5), 2, 2 - Math.sqrt(0.5), 1, 2 - Math.sqrt(0.5));
        check(new LinearLR(0.25, 1, 3), 4, 1, 2, 3, 4, 4);
        check(new PolynomialLR(4, 2), 16, 16, 9, 4, 1, 0, 0);
    }

    @Test
    void combinations() {
        check(Schedule.warmup(0.25, 3, new ExponentialLR(0.5)), 4, 1, 2, 3, 4, 2, 1);
        check(new StepLR(2, 0.5).and(new ExponentialLR(0.1)), 1, 1, 0.1, 0.005, 0.0005);
        check(Schedule.chained(List.of()), 3, 3, 3);
        check(Schedule.constant().until(2, new ExponentialLR(0.5)), 1, 1, 1, 1, 0.5);
    }

    @Test
    void groupsHaveTheirOwnAndTheStateIsExact() {
        SGD o = new SGD(new Linear(1, 1).parameters(), 1);
        o.addGroup(new Linear(1, 1).parameters(), SGD.options(10));
        LRScheduler s = new LRScheduler(o, List.of(new StepLR(1, 0.5), new ExponentialLR(0.3)));
        s.step();
        s.step();
        assertEquals(List.of(0.25, 10 * Math.pow(0.3, 2)), s.lastLr());
        Map<String, Double> state = s.stateDict();
        SGD o2 = new SGD(new Linear(1, 1).parameters(), 5);
        o2.addGroup(new Linear(1, 1).parameters(), SGD.options(7));
        LRScheduler s2 = new LRScheduler(o2, List.of(new StepLR(1, 0.5), new ExponentialLR(0.3)));
        s2.loadStateDict(state);
        assertEquals(s.lastLr(), s2.lastLr());
        s.step();
        s2.step();
        assertEquals(s.lastLr(), s2.lastLr());
        assertThrows(IllegalArgumentException.class, () -> s2.loadStateDict(Map.of("steps", 1.0)));
        assertThrows(IllegalArgumentException.class, () -> new LRScheduler(o, List.of(new StepLR(1, 0.5))));
    }

    @Test
    void restartsConstantsAndFunctions() {
        check(new CosineAnnealingWarmRestarts(2, 2, 1), 3, 3, 2, 3, 2 + Math.sqrt(0.5), 2, 2 - Math.sqrt(0.5), 3);
        check(new CosineAnnealingWarmRestarts(2, 1, 0), 4, 4, 2, 4, 2, 4);
        assertEquals(2, new CosineAnnealingWarmRestarts(2, 1, 0).lr(1_000_000_000_001L, 4), 1e-9);
        check(new ConstantLR(0.25, 2), 8, 2, 2, 8, 8);
        check(Schedule.lambda(step -> 1.0 / (1 + step)), 6, 6, 3, 2, 1.5);
        check(Schedule.sequential(List.of(new ConstantLR(0.1, 5), new ExponentialLR(0.5), Schedule.constant()),
                List.of(2L, 4L)), 10, 1, 1, 10, 5, 10, 10);
        assertThrows(IllegalArgumentException.class,
                () -> Schedule.sequential(List.of(Schedule.constant()), List.of(3L)));
        assertThrows(IllegalArgumentException.class, () -> new CosineAnnealingWarmRestarts(0, 1, 0));
    }

    @Test
    void cycles() {
        check(new CyclicLR(1, 3, 2), 9, 1, 2, 3, 2, 1, 2);
        check(new CyclicLR(1, 5, 2, 4, CyclicLR.Mode.TRIANGULAR2, 1), 9, 1, 3, 5, 4, 3, 2, 1, 2, 3, 2.5, 2, 1.5, 1);
        check(new CyclicLR(0, 1, 2, 2, CyclicLR.Mode.EXP_RANGE, 0.5), 9, 0, 0.25, 0.25, 0.0625, 0);
        assertThrows(IllegalArgumentException.class, () -> new CyclicLR(0, 1, 0));
    }

    /// Ten steps: the top is at 0.3 * 10 - 1 = 2, the end at 9.
    @Test
    void oneCycle() {
        double[] expected = new double[12];
        for (int i = 0; i < 12; i++) {
            double at = Math.min(i, 9);
            double first = 1.0 / 25;
            double last = first / 1e4;
            expected[i] = at <= 2 ? 1 + (first - 1) / 2 * (1 + Math.cos(Math.PI * at / 2))
                    : last + (1 - last) / 2 * (1 + Math.cos(Math.PI * (at - 2) / 7));
        }
        check(new OneCycleLR(1, 10), 77, expected);
        check(new OneCycleLR(10, 11, 3.0 / 11, true, 10, 4, true), 77, 1, 5.5, 10, 5.5, 1,
                1 - 0.75 / 6, 1 - 0.75 / 3, 1 - 0.75 / 2, 1 - 0.75 * 4 / 6, 1 - 0.75 * 5 / 6, 0.25, 0.25);
        check(new OneCycleLR(1, 1), 5, 1.0 / 25 / 1e4);
    }

    @Test
    void momentumMovesAgainstTheLearningRate() {
        SGD o = new SGD(new Linear(1, 1).parameters(), SGD.options(0.1).momentum(0.9));
        OneCycleLR cycle = new OneCycleLR(1, 5, 0.6, true, 10, 10, false);
        LRScheduler rate = new LRScheduler(o, cycle);
        LRScheduler momentum = LRScheduler.of(o, "momentum", cycle.momentum(0.8, 0.9));
        double[] rates = {0.1, 0.55, 1, 0.505, 0.01};
        double[] momenta = {0.9, 0.85, 0.8, 0.85, 0.9};
        for (int i = 0; i < 5; i++) {
            assertEquals(rates[i], o.groups().getFirst().lr(), 1e-12);
            assertEquals(momenta[i], o.groups().getFirst().get("momentum"), 1e-12);
            rate.step();
            momentum.step();
        }
    }

    @Test
    void plateaus() {
        SGD o = new SGD(new Linear(1, 1).parameters(), 1);
        var options = new ReduceLROnPlateau.Options(false, 0.1, 1, 0.1, true, 2, 0.005, 1e-8);
        ReduceLROnPlateau s = new ReduceLROnPlateau(o, options);
        // 10 is the best until something below 9; two in a row without that act, then two do not count.
        double[] metrics = {10, 9.5, 8, 7.5, 7.5, 7.5, 7.5, 7.5, 7.5, Double.NaN, 7.5, 7.5, 7.5};
        double[] rates = {1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.005};
        ReduceLROnPlateau half = new ReduceLROnPlateau(o, options);
        for (int i = 0; i < metrics.length; i++) {
            if (i == 6) {
                half.loadStateDict(s.stateDict());
                s = half;
            }
            s.step(metrics[i]);
            assertEquals(rates[i], s.lastLr().getFirst(), 1e-12, "after " + i);
        }
        assertEquals(8, s.best());
        SGD up = new SGD(new Linear(1, 1).parameters(), 1);
        var more = new ReduceLROnPlateau(up, new ReduceLROnPlateau.Options(true, 0.5, 0, 1, false, 0, 0, 0));
        for (double m : new double[] {1, 2.5, 3}) {
            more.step(m);
        }
        assertEquals(0.5, up.groups().getFirst().lr());
        assertThrows(IllegalArgumentException.class, () -> more.loadStateDict(Map.of("best", 1.0)));
        assertThrows(IllegalArgumentException.class, () -> ReduceLROnPlateau.Options.DEFAULT.with(1, 3));
    }
}
