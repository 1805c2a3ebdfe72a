package dev.tenon.graph;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Control.Differentiated;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A loop on the tape: its gradient is a scan the other way, which carries on the gradients of what the loop carried on
/// and adds up those of what stayed the same.
final class ScanGradient extends Differentiated {
    private final Body body;
    private final int carries;
    private final List<Tensor> sequences;

    /// Where among the results the count of trips is; null where all positions are visited.
    private final @Nullable Integer trips;

    ScanGradient(ControlOp op, Body body, int carries, List<Tensor> sequences, @Nullable Integer trips) {
        super(op);
        this.body = body;
        this.carries = carries;
        this.sequences = sequences;
        this.trips = trips;
    }

    /// The count, the values carried on into each position, the sequences, the further tensors.
    @Override
    List<Tensor> save(List<Tensor> out) {
        List<Tensor> s = new ArrayList<>();
        if (trips != null) {
            s.add(out.get(trips));
        }
        s.addAll(out.subList(out.size() - carries, out.size()));
        s.addAll(sequences);
        s.addAll(body.free());
        return s;
    }

    @Override
    List<@Nullable Tensor> gradients(List<Tensor> saved, List<Tensor> grads) {
        Graph gradient = body.gradient();
        if (gradient == null) {
            throw new IllegalStateException("a loop without a gradient is on the tape");
        }
        int at = trips == null ? 0 : 1;
        List<Tensor> slices = saved.subList(at, at + carries + sequences.size());
        List<Tensor> free = saved.subList(at + carries + sequences.size(), saved.size());
        List<Boolean> floating = Body.types(body.graph()).stream().map(t -> t.dtype().isFloating()).toList();
        int carriedGradients = (int) floating.subList(0, carries).stream().filter(f -> f).count();

        // Carried back: a gradient for each floating-point value carried on, then one for each of the further tensors.
        List<Integer> targets = body.targets();
        int inner = carries + sequences.size();
        List<Tensor> initial = new ArrayList<>(grads.subList(0, carriedGradients));
        for (int t : targets) {
            if (t >= inner) {
                initial.add(Tensors.zerosLike(free.get(t - inner)));
            }
        }
        List<Tensor> along = new ArrayList<>(slices);
        along.addAll(grads.subList(carriedGradients, grads.size()));

        Body back = Body.capture("backward", likes(initial, along), List.of(), in -> {
            List<Tensor> carried = in.subList(0, initial.size());
            List<Tensor> now = in.subList(initial.size(), in.size());
            List<Tensor> feeds = new ArrayList<>(now.subList(0, inner));
            feeds.addAll(free);
            feeds.addAll(carried.subList(0, carriedGradients));
            feeds.addAll(now.subList(inner, now.size()));
            List<Tensor> g = Runs.inline(gradient, feeds);
            return results(carried, g, floating);
        });
        List<Tensor> operands = new ArrayList<>();
        if (trips != null) {
            operands.add(saved.getFirst());
        }
        operands.addAll(initial);
        operands.addAll(along);
        operands.addAll(back.free());
        Scan op = new Scan(back.graph(), initial.size(), along.size(), true, trips != null, false);
        return placed(Control.emit(op, operands), floating);
    }

    private static List<Body.Like> likes(List<Tensor> initial, List<Tensor> along) {
        List<Body.Like> out = new ArrayList<>();
        initial.forEach(t -> out.add(Body.Like.of(t).withGradient(false)));
        along.forEach(t -> out.add(Body.Like.sliceOf(t).withGradient(false)));
        return out;
    }

    /// What one position carries back, and behind it the gradients of the slices of the sequences.
    private List<Tensor> results(List<Tensor> carried, List<Tensor> g, List<Boolean> floating) {
        List<Tensor> next = new ArrayList<>();
        List<Tensor> slices = new ArrayList<>();
        int inner = carries + sequences.size();
        int c = 0;
        for (int i = 0; i < carries; i++) {
            if (floating.get(i)) {
                int k = body.targets().indexOf(i);
                next.add(k >= 0 ? g.get(k) : Tensors.zerosLike(carried.get(c)));
                c++;
            }
        }
        for (int k = 0; k < body.targets().size(); k++) {
            int t = body.targets().get(k);
            if (t >= inner) {
                next.add(carried.get(next.size()).add(g.get(k)));
            } else if (t >= carries) {
                slices.add(g.get(k));
            }
        }
        next.addAll(slices);
        return next;
    }

    /// The gradients by operand of the loop: the initial values, the sequences, the further tensors.
    private List<@Nullable Tensor> placed(List<Tensor> g, List<Boolean> floating) {
        int inner = carries + sequences.size();
        @Nullable Tensor[] all = new Tensor[inner + body.free().size()];
        int next = 0;
        for (int i = 0; i < carries; i++) {
            if (floating.get(i)) {
                all[i] = g.get(next++);
            }
        }
        for (int t : body.targets()) {
            if (t >= inner) {
                all[t] = g.get(next++);
            }
        }
        for (int t : body.targets()) {
            if (t >= carries && t < inner) {
                all[t] = g.get(next++);
            }
        }
        return Arrays.asList(all);
    }
}
