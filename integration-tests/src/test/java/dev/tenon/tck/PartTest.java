package dev.tenon.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PartTest {
    @Test
    void partsMakeTheWholeAndEachHasTheFirst() {
        List<Sample> family = OpSamples.families().values().iterator().next().get();
        assertTrue(family.size() > 20, "samples");
        List<List<Sample>> parts = IntStream.rangeClosed(1, 5).mapToObj(i -> Part.of(i + "/5", "").of(family)).toList();
        Set<Sample> all = new HashSet<>();
        parts.forEach(all::addAll);
        assertEquals(new HashSet<>(family), all);
        assertTrue(parts.stream().allMatch(p -> p.getFirst() == family.getFirst()), "the first in every part");
        assertEquals(family.size() + 4, parts.stream().mapToInt(List::size).sum(), "each but the first once");
        assertEquals(family, Part.of("1/1", "").of(family));
        assertEquals(List.of(), Part.of("2/3", "").of(List.of()));
    }

    @Test
    void namesChooseSamples() {
        List<Sample> family = OpSamples.families().values().iterator().next().get();
        String op = family.getLast().toString().split(" ")[0];
        List<Sample> only = Part.of("1/1", "^" + op + " ").of(family);
        assertTrue(only.contains(family.getLast()) && only.size() < family.size(), only::toString);
        assertTrue(only.stream().allMatch(s -> s.toString().startsWith(op + " ")), only::toString);
    }

    @Test
    void whatIsNoPartIsRefused() {
        for (String wrong : List.of("", "0/3", "4/3", "1", "a/b", "1/0")) {
            assertThrows(IllegalArgumentException.class, () -> Part.of(wrong, ""), wrong);
        }
    }
}
