package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.tenon.api.Tensor;
import dev.tenon.tck.samples.Family;
import dev.tenon.tck.samples.Values;
import java.util.List;

/// Holds what an optimised graph gives against what the graph gave before.
public final class Agreement {
    int same;
    int near;

    /// How many were the same to the bit.
    public int same() {
        return same;
    }

    /// How many were not, but within tolerance.
    public int near() {
        return near;
    }

    /// Checks results against expected ones: to the bit, or, where sums may run in another order, within the tolerances
    /// of a family of ops.
    public void check(String what, List<Tensor> expected, List<Tensor> got, Family family, double scale) {
        assertEquals(expected.size(), got.size(), () -> what + ": number of results");
        boolean equal = true;
        for (int i = 0; i < got.size(); i++) {
            Tensor e = expected.get(i);
            Tensor g = got.get(i);
            assertEquals(e.shape(), g.shape(), () -> what + ": shape");
            assertEquals(e.dtype(), g.dtype(), () -> what + ": dtype");
            Values want = Values.of(e);
            Values is = Values.of(g);
            if (is.differenceFrom(want, Family.EXACT, 0).isPresent()) {
                equal = false;
                is.differenceFrom(want, family, scale).ifPresent(d -> fail(what + ": " + d));
            }
        }
        if (equal) {
            same++;
        } else {
            near++;
        }
    }
}
