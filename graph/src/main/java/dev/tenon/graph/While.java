package dev.tenon.graph;

import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;

/// A body as long as a condition holds. Both are given the state and further tensors that stay the same; the body gives
/// the next state, the condition a tensor of one element.
///
/// Operands: the initial state; the further tensors. Results: the last state; how often the body ran, an `I64` scalar;
/// if `keepsStates`, the state before each trip stacked along a first axis of `maxTrips`.
///
/// @param condition whether to go on
/// @param body one trip
/// @param states how many tensors the state has
/// @param maxTrips how often the body may run; 0 for any number
/// @param keepsStates whether the states on the way are results
public record While(Graph condition, Graph body, int states, int maxTrips, boolean keepsStates)
        implements ControlOp {
    @Override
    public String name() {
        return "while";
    }

    @Override
    public List<Graph> bodies() {
        return List.of(condition, body);
    }

    @Override
    public While withBodies(List<Graph> others) {
        return new While(others.get(0), others.get(1), states, maxTrips, keepsStates);
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        if (in.size() != body.inputs().size()) {
            throw new TensorException("while: takes " + body.inputs().size() + " operands, got " + in);
        }
        List<TensorType> types = Body.types(body);
        List<TensorType> out = new ArrayList<>(types);
        out.add(TensorType.of(DType.I64, Shape.SCALAR));
        if (keepsStates) {
            types.forEach(t -> out.add(Scan.stacked(t, maxTrips)));
        }
        return out;
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        List<Tensor> state = new ArrayList<>(in.subList(0, states));
        List<Tensor> free = in.subList(states, in.size());
        List<List<Tensor>> kept = new ArrayList<>();
        state.forEach(_ -> kept.add(new ArrayList<>()));
        long trips = 0;
        while (goesOn(state, free)) {
            if (maxTrips > 0 && trips == maxTrips) {
                throw new TensorException("while: the condition still holds after " + maxTrips
                        + " trips, the most that were asked for: give a larger maxTrips");
            }
            if (keepsStates) {
                for (int i = 0; i < states; i++) {
                    kept.get(i).add(state.get(i));
                }
            }
            state = body.run(feeds(state, free));
            trips++;
        }
        List<TensorType> types = infer(in.stream().map(Tensor::type).toList());
        Tensor like = in.getFirst();
        List<Tensor> made = new ArrayList<>(state);
        made.add(Tensors.full(Shape.SCALAR, trips, DType.I64, like.device()));
        for (int i = 0; keepsStates && i < states; i++) {
            made.add(Scan.stack(kept.get(i), types.get(states + 1 + i), maxTrips, like));
        }
        return made;
    }

    private boolean goesOn(List<Tensor> state, List<Tensor> free) {
        try (Scope _ = Scope.open()) {
            return condition.run(feeds(state, free)).getFirst().ne(0L).item() != 0;
        }
    }

    private static List<Tensor> feeds(List<Tensor> state, List<Tensor> free) {
        List<Tensor> all = new ArrayList<>(state);
        all.addAll(free);
        return all;
    }
}
