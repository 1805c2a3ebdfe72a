package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import java.util.ArrayList;
import java.util.List;

/// Attention of several heads whose rows are such as libraries take them: a multiple of 8 numbers, one after the other.
public final class AttentionSamples {
    private AttentionSamples() {}

    /// All samples.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType d : List.of(DType.F32, DType.F16, DType.BF16)) {
            for (boolean causal : new boolean[] {false, true}) {
                s.addAll(heads(d, causal, 20, 24, 16, 8));
                s.addAll(heads(d, causal, 40, 128, 64, 64));
            }
        }
        return s;
    }

    private static List<Sample> heads(DType d, boolean causal, long m, long n, long width, long out) {
        Domain small = Domain.of(-1, 1);
        Attention op = new Attention(causal, 0.3);
        String variant = Shape.of(2, 2, m, n) + " heads of " + width + (causal ? " causal" : "");
        Input q = Input.of(d, 2, 2, m, width).from(small);
        Input k = Input.of(d, 2, 2, n, width).from(small).seed(2);
        Input v = Input.of(d, 2, 2, n, out).from(small).seed(3);
        Input g = Input.of(d, 2, 2, m, out).from(small).seed(4);
        Input result = Input.of(d, 2, 2, m, out).from(small).seed(5);
        Input total = Input.of(d.kind().dtype(), 2, 2, m).from(Domain.of(3, 4));
        List<Sample> s = new ArrayList<>();
        // Products of queries and keys are of their dtype, but a library may keep them as exact as it adds them up: the
        // logarithms are held to no more than that dtype.
        s.add(Sample.of("attention", d, variant, (_, in) -> {
            List<Tensor> all = Dispatcher.apply(op, in);
            return List.of(all.get(0), all.get(1).to(d));
        }, Family.COMPOSITE, q, k, v).scale(1));
        // Whoever is given the result may form the sums of its products with the gradient himself.
        s.add(Sample.of("attention_backward", d, variant + " with the result", (_, in) -> {
            List<Tensor> operands = new ArrayList<>(in);
            DType work = d.kind().dtype();
            operands.add(5, in.get(0).to(work).mul(in.get(5).to(work)).sum(-1));
            return Dispatcher.apply(new AttentionBackward(op, true), operands);
        }, Family.COMPOSITE, g, q, k, v, total, result).scale(2));
        return s;
    }
}
