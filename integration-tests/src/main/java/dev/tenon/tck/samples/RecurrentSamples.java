package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.op.Lstm;
import dev.tenon.api.op.LstmBackward;
import java.util.ArrayList;
import java.util.List;

/// Recurrent layers over whole sequences, against their decompositions too.
public final class RecurrentSamples {
    private RecurrentSamples() {}

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType d : Shapes.FLOATS) {
            // One step, one sequence, widths of whole vectors and not, more sequences than a tile has rows.
            for (long[] size : new long[][] {{1, 3, 2}, {4, 1, 5}, {3, 5, 16}, {2, 14, 33}}) {
                for (boolean backwards : new boolean[] {false, true}) {
                    s.addAll(lstm(d, size[0], size[1], size[2], backwards));
                }
            }
            s.add(Sample.of("lstm", d, "small", new Lstm(false), Family.COMPOSITE, lstmInputs(d, 2, 2, 1))
                    .gradients(2));
            s.add(Sample.of("lstm", d, "small backwards", new Lstm(true), Family.COMPOSITE, lstmInputs(d, 3, 1, 1))
                    .gradients(1));
        }
        return s;
    }

    private static Input[] lstmInputs(DType d, long steps, long n, long hidden) {
        // Weights of the usual size, so that a state is not the sum of many large numbers.
        return new Input[] {small(d, 1, steps, n, 4 * hidden), small(d, 2, 4 * hidden, hidden),
            small(d, 3, n, hidden), small(d, 4, n, hidden)};
    }

    private static Input small(DType d, long seed, long... dims) {
        return Input.of(d, dims).from(Domain.of(-0.5, 0.5)).seed(seed);
    }

    private static List<Sample> lstm(DType d, long steps, long n, long hidden, boolean backwards) {
        String variant = steps + " steps of " + n + " by " + hidden + (backwards ? " backwards" : "");
        Input[] in = lstmInputs(d, steps, n, hidden);
        List<Sample> s = new ArrayList<>(Sample.of("lstm", d, variant, new Lstm(backwards), Family.COMPOSITE, in)
                .scale(1).inLayouts(Layout.TRANSPOSED, Layout.FLIPPED));
        List<Input> back = new ArrayList<>(List.of(small(d, 5, steps, n, hidden), small(d, 6, steps, n, 4 * hidden),
                small(d, 7, steps, n, hidden), in[3], in[1]));
        LstmBackward op = new LstmBackward(new Lstm(backwards));
        s.addAll(Sample.of("lstm_backward", d, variant, op, Family.COMPOSITE, back.toArray(Input[]::new)).scale(1)
                .inLayouts(Layout.TRANSPOSED));
        back.add(small(d, 8, steps, n, hidden));
        s.add(Sample.of("lstm_backward", d, variant + " of memories", op, Family.COMPOSITE,
                back.toArray(Input[]::new)).scale(1));
        back.add(small(d, 9, steps, n, 4 * hidden));
        s.add(Sample.of("lstm_backward", d, variant + " of sums", op, Family.COMPOSITE, back.toArray(Input[]::new))
                .scale(1));
        return s;
    }
}
