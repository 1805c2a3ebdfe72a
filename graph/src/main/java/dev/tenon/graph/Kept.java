package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.graph.Buffer.Kind;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The steps of a plan that depend on parameters and constants alone, and their results, which are kept from run to
/// run: a weight that has been scaled, or brought to the layout that a kernel wants. They are computed anew when one of
/// those tensors has changed, which its [Tensor#version()] tells.
final class Kept {
    /// What may be kept from nothing or little, in bytes; formats take what they take.
    private static final long SMALL = 1 << 16;

    /// Results of the steps, as of certain versions of what they were made of.
    static final class Results {
        private final Map<Buffer, Tensor> tensors = new IdentityHashMap<>();
        private int[] versions = {};

        /// The tensor in whose memory a buffer lies.
        Tensor of(Buffer b) {
            Tensor t = tensors.get(b);
            if (t == null) {
                throw new IllegalStateException("a buffer of the plan has no memory");
            }
            return t;
        }
    }

    private final List<Step> steps;
    private final List<Tensor> sources;
    private @Nullable Results current;

    private Kept(List<Step> steps, List<Tensor> sources) {
        this.steps = steps;
        this.sources = sources;
    }

    /// The buffers whose contents no run changes: of parameters that are not updated, of constants, and of the results
    /// of steps that can be kept.
    static Set<Buffer> buffers(List<Step> steps) {
        Map<Buffer, Integer> writers = new HashMap<>();
        steps.forEach(s -> s.out().forEach(o -> writers.merge(o.buffer(), 1, Integer::sum)));
        Set<Buffer> kept = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Step s : steps) {
            for (Slot in : s.in()) {
                if (in.buffer().kind == Kind.FIXED && !writers.containsKey(in.buffer())) {
                    kept.add(in.buffer());
                }
            }
            if (isKept(s, kept, writers)) {
                s.out().forEach(o -> kept.add(o.buffer()));
            }
        }
        return kept;
    }

    private static boolean isKept(Step s, Set<Buffer> kept, Map<Buffer, Integer> writers) {
        if (s.kernel() == null || s.in().isEmpty() || !s.op().scalars().sources().isEmpty()
                || !s.in().stream().allMatch(i -> kept.contains(i.buffer()))
                || !s.out().stream().allMatch(o -> o.buffer().kind == Kind.ARENA && writers.get(o.buffer()) == 1)) {
            return false;
        }
        long in = s.in().stream().mapToLong(i -> bytes(i.type())).sum();
        long out = s.out().stream().mapToLong(o -> o.buffer().bytes).sum();
        boolean format = s.op() instanceof Formatting.Conversion;
        return format || !(s.op() instanceof CustomOp) && out <= Math.max(SMALL, 2 * in);
    }

    private static long bytes(TensorType t) {
        return t.elements() * t.dtype().bytes();
    }

    /// Takes the steps out of a list whose results can be kept.
    ///
    /// @param all the steps of a plan; changed
    static Kept takenFrom(List<Step> all) {
        Set<Buffer> buffers = buffers(all);
        List<Step> steps = new ArrayList<>();
        Set<Tensor> sources = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Step s : all) {
            if (s.out().stream().allMatch(o -> buffers.contains(o.buffer()))) {
                steps.add(s);
                s.out().forEach(o -> o.buffer().kind = Kind.KEPT);
                for (Slot in : s.in()) {
                    Tensor t = in.buffer().fixed;
                    if (t != null) {
                        sources.add(t);
                    }
                }
            }
        }
        all.removeAll(steps);
        return new Kept(List.copyOf(steps), List.copyOf(sources));
    }

    /// The results, computed if they are not there or are those of other values.
    synchronized Results ready() {
        Results r = current;
        if (r != null && isOf(r)) {
            return r;
        }
        if (r == null) {
            r = new Results();
            try (Context.Mode _ = Context.unscoped()) {
                for (Step s : steps) {
                    for (Slot o : s.out()) {
                        r.tensors.put(o.buffer(), Plan.bytes(o.buffer().bytes, o.buffer().device));
                    }
                }
            }
        }
        compute(r);
        current = r;
        return r;
    }

    private boolean isOf(Results r) {
        for (int i = 0; i < r.versions.length; i++) {
            if (r.versions[i] != sources.get(i).version()) {
                return false;
            }
        }
        return true;
    }

    private void compute(Results r) {
        int[] versions = sources.stream().mapToInt(Tensor::version).toArray();
        for (Step s : steps) {
            try {
                compute(s, r);
            } catch (RuntimeException e) {
                Node n = s.node();
                throw n == null ? e : Failures.at(n, e);
            }
        }
        r.versions = versions;
    }

    private static void compute(Step s, Results r) {
        Kernel kernel = s.kernel();
        if (kernel == null) {
            throw new IllegalStateException("a step that is no kernel's is kept");
        }
        List<Operand> in = s.in().stream().map(slot -> place(slot, r)).toList();
        List<Operand> out = s.out().stream().map(slot -> place(slot, r)).toList();
        Buffer w = s.workspace();
        Tensor scratch = null;
        if (w != null) {
            try (Context.Mode _ = Context.unscoped()) {
                scratch = Plan.bytes(w.bytes, w.device);
            }
        }
        try {
            kernel.run(s.out().getFirst().buffer().device.runtime().defaultStream(), in, out,
                    scratch == null ? null : new Frame.Place(scratch.memory(), scratch.byteOffset()),
                    s.op().scalars());
        } finally {
            if (scratch != null) {
                scratch.close();
            }
            Reference.reachabilityFence(r);
        }
    }

    private static Operand place(Slot s, Results r) {
        Buffer b = s.buffer();
        Tensor fixed = b.fixed;
        Tensor base = fixed != null ? fixed : r.of(b);
        try (Tensor t = base.inMemory(s.byteOffset(), s.type())) {
            return new Frame.Place(t.memory(), t.byteOffset());
        }
    }

    /// Forgets the results. Memory that a run still reads is freed after it.
    synchronized void release() {
        current = null;
    }
}
