package dev.tenon.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DynamicNetworksTest {

    /// A model that knew how frequent each character is, and no more, would stay at the entropy.
    @Test
    void theCharacterModelLearnsMoreThanFrequencies() {
        var r = CharacterModel.run(new Grammar(new Random(1)).paragraphs(300),
                new CharacterModel.Settings(16, 48, 16, 32, 60, 2, 1e-2), 1);
        assertTrue(r.unigramEntropy() > 2.5 && r.unigramEntropy() < Math.log(30), r::toString);
        assertTrue(r.loss() < 0.5 * r.unigramEntropy(), r::toString);
        assertEquals(400, r.sample().length());
    }

    @Test
    void windowsHoldEachStepOnceAndPassagesLeaveAsTheyEnd() {
        List<int[]> batch = List.of(new int[] {1, 2, 3, 4, 5, 6}, new int[] {7, 8, 9, 7}, new int[] {5, 4});
        Corpus.Window w = Corpus.window(batch, 0, 3);
        assertArrayEquals(new long[] {3, 3, 1}, w.lengths().toLongArray());
        assertArrayEquals(new long[] {1, 7, 5, 2, 8, 0, 3, 9, 0}, w.input().toLongArray());
        assertArrayEquals(new long[] {2, 8, 4, 3, 9, -100, 4, 7, -100}, w.target().toLongArray());
        assertEquals(7, w.count());
        w = Corpus.window(batch, 3, 3);
        assertArrayEquals(new long[] {4, 5}, w.input().toLongArray());
        assertArrayEquals(new long[] {5, 6}, w.target().toLongArray());
        assertArrayEquals(new long[] {2}, w.lengths().toLongArray());
    }

    @Test
    void theTreeLstmReckons() {
        var r = TreeLstm.run(250, 3, 1);
        assertTrue(r.mostFrequent() < 0.5, r::toString);
        assertTrue(r.accuracy() > 0.75, r::toString);
    }

    @Test
    void expressionsHaveTheirValues() {
        var two = new TreeLstm.Expression.Number(2);
        var one = new TreeLstm.Expression.Number(1);
        var minus = new TreeLstm.Expression.Operation(TreeLstm.Operator.MINUS, one, two);
        var times = new TreeLstm.Expression.Operation(TreeLstm.Operator.TIMES, minus, two);
        assertEquals("((1 - 2) * 2)", times.toString());
        assertEquals(2, minus.value());
        assertEquals(1, times.value());
    }

    /// Guessing the most frequent answer gets a third of the counts at best.
    @Test
    void theModularNetAnswersQuestionsPutTogetherAnew() {
        var r = ModularNet.run(800, 1);
        assertTrue(r.accuracy() > 0.9, r::toString);
        assertTrue(r.counting() > 0.8, r::toString);
    }
}
