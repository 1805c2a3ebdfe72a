package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.CosineAnnealingLR;
import dev.tenon.nn.optim.ExponentialLR;
import dev.tenon.nn.optim.LRScheduler;
import dev.tenon.nn.optim.LinearLR;
import dev.tenon.nn.optim.MultiStepLR;
import dev.tenon.nn.optim.PolynomialLR;
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
}
