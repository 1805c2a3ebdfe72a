package dev.tenon.graph;

import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// A body once for each position along the first axis of some sequences. It is given what it carries on, one slice of
/// each sequence, and further tensors that stay the same; it gives what it carries on and slices of results.
///
/// Operands: how many positions there are, if `counted`; the initial values to carry on; the sequences; the further
/// tensors. Results: the values carried on at last; the stacked results; if `keepsCarries`, the stacked values that
/// were carried on into each position. Places beyond the count are zero.
///
/// @param body what is done at each position
/// @param carries how many values are carried on
/// @param sequences how many sequences there are, at least one
/// @param reverse whether it goes from the last position to the first
/// @param counted whether the first operand says how many of the positions there are
/// @param keepsCarries whether the values carried on are results
public record Scan(Graph body, int carries, int sequences, boolean reverse, boolean counted, boolean keepsCarries)
        implements ControlOp {
    @Override
    public String name() {
        return "scan";
    }

    @Override
    public List<Graph> bodies() {
        return List.of(body);
    }

    @Override
    public Scan withBodies(List<Graph> others) {
        return new Scan(others.getFirst(), carries, sequences, reverse, counted, keepsCarries);
    }

    private int first() {
        return counted ? 1 : 0;
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        if (in.size() != first() + body.inputs().size()) {
            throw new TensorException("scan: takes " + (first() + body.inputs().size()) + " operands, got " + in);
        }
        List<TensorType> sequenceTypes = in.subList(first() + carries, first() + carries + sequences);
        for (TensorType t : sequenceTypes) {
            if (t.rank() == 0 || t.shape().dim(0) != sequenceTypes.getFirst().shape().dim(0)) {
                throw new TensorException("scan: sequences " + sequenceTypes
                        + ": expected the same number of positions along the first axis of each");
            }
        }
        long n = sequenceTypes.getFirst().shape().dim(0);
        List<TensorType> types = Body.types(body);
        List<TensorType> out = new ArrayList<>(types.subList(0, carries));
        types.subList(carries, types.size()).forEach(t -> out.add(stacked(t, n)));
        if (keepsCarries) {
            types.subList(0, carries).forEach(t -> out.add(stacked(t, n)));
        }
        return out;
    }

    static TensorType stacked(TensorType t, long n) {
        return TensorType.of(t.dtype(), t.shape().inserted(0, n));
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        List<Tensor> carry = new ArrayList<>(in.subList(first(), first() + carries));
        List<Tensor> seqs = in.subList(first() + carries, first() + carries + sequences);
        List<Tensor> free = in.subList(first() + carries + sequences, in.size());
        long all = seqs.getFirst().size(0);
        long n = counted ? in.getFirst().itemLong() : all;
        List<TensorType> types = infer(in.stream().map(Tensor::type).toList());
        List<List<Tensor>> rows = new ArrayList<>();
        for (int j = carries; j < types.size(); j++) {
            rows.add(new ArrayList<>());
        }
        int results = body.outputs().size() - carries;
        for (long k = 0; k < n; k++) {
            long at = reverse ? n - 1 - k : k;
            if (keepsCarries) {
                for (int c = 0; c < carries; c++) {
                    rows.get(results + c).add(carry.get(c));
                }
            }
            List<Tensor> out = step(carry, seqs, free, at);
            carry = new ArrayList<>(out.subList(0, carries));
            for (int j = 0; j < results; j++) {
                rows.get(j).add(out.get(carries + j));
            }
        }
        List<Tensor> made = new ArrayList<>(carry);
        for (int j = 0; j < rows.size(); j++) {
            List<Tensor> r = rows.get(j);
            if (reverse) {
                Collections.reverse(r);
            }
            made.add(stack(r, types.get(carries + j), all, in.getFirst()));
        }
        return made;
    }

    private List<Tensor> step(List<Tensor> carry, List<Tensor> seqs, List<Tensor> free, long at) {
        try (Scope scope = Scope.open()) {
            List<Tensor> feeds = new ArrayList<>(carry);
            seqs.forEach(s -> feeds.add(s.select(0, (int) at)));
            feeds.addAll(free);
            List<Tensor> out = body.run(feeds);
            scope.keep(out);
            return out;
        }
    }

    /// Rows stacked, with zeros behind them up to the given number.
    static Tensor stack(List<Tensor> rows, TensorType type, long all, Tensor like) {
        if (rows.isEmpty()) {
            return Tensors.zeros(type.shape(), type.dtype(), like.device());
        }
        Tensor s = Tensors.stack(0, rows);
        if (rows.size() == all) {
            return s;
        }
        TensorType rest = TensorType.of(type.dtype(), type.shape().with(0, all - rows.size()));
        return Tensors.cat(0, s, Tensors.zeros(rest.shape(), rest.dtype(), s.device()));
    }
}
