package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.TensorType;
import dev.tenon.autograd.FunctionContext;
import dev.tenon.graph.Body.Like;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Records conditions and loops as ops with bodies; outside captures they simply run.
final class Control {
    private Control() {}

    // --- conditions

    static List<Tensor> cond(Tensor predicate, Supplier<List<Tensor>> then, Supplier<List<Tensor>> otherwise) {
        if (predicate.elements() != 1) {
            throw new TensorException("cond: the condition " + predicate.type() + " has " + predicate.elements()
                    + " elements: expected one; reduce it with any or all");
        }
        if (!Context.isRecording()) {
            return predicate.ne(0L).item() != 0 ? then.get() : otherwise.get();
        }
        // The first look only finds out which tensors the branches use: both are to take the same.
        List<Tensor> free = union(Body.capture("then", List.of(), List.of(), _ -> then.get()).free(),
                Body.capture("otherwise", List.of(), List.of(), _ -> otherwise.get()).free());
        Body a = Body.capture("then", List.of(), free, _ -> then.get());
        Body b = Body.capture("otherwise", List.of(), free, _ -> otherwise.get());
        same("cond: the branches give", Body.types(a.graph()), Body.types(b.graph()));
        List<Tensor> operands = new ArrayList<>(List.of(predicate));
        operands.addAll(free);
        If op = new If(a.graph(), b.graph());
        if (a.gradient() == null && b.gradient() == null) {
            return emit(op, operands);
        }
        If gradient = new If(gradientOf(a, b), gradientOf(b, a));
        return new Differentiated(op) {
            @Override
            List<Tensor> save(List<Tensor> out) {
                return operands;
            }

            @Override
            List<@Nullable Tensor> gradients(List<Tensor> saved, List<Tensor> grads) {
                List<Tensor> in = new ArrayList<>(saved);
                in.addAll(grads);
                List<Tensor> g = emit(gradient, in);
                @Nullable Tensor[] all = new Tensor[saved.size()];
                for (int i = 0; i < g.size(); i++) {
                    all[1 + a.targets().get(i)] = g.get(i);
                }
                return Arrays.asList(all);
            }
        }.applyAll(operands);
    }

    /// The gradient of a branch; zeros for one that depends on nothing, like those of the other.
    private static Graph gradientOf(Body branch, Body other) {
        Graph g = branch.gradient();
        if (g != null) {
            return g;
        }
        Graph like = other.gradient();
        if (like == null) {
            throw new IllegalStateException("neither branch has a gradient");
        }
        return Zeros.like(like);
    }

    private static List<Tensor> union(List<Tensor> a, List<Tensor> b) {
        record Place(Object memory, long offset, TensorType type) {}
        List<Tensor> all = new ArrayList<>();
        Set<Place> seen = new HashSet<>();
        for (Tensor t : Stream.concat(a.stream(), b.stream()).toList()) {
            if (seen.add(new Place(t.storageKey(), t.storageOffset(), t.type()))) {
                all.add(t);
            } else if (t.requiresGrad()) {
                all.replaceAll(x -> x.storageKey() == t.storageKey() && x.storageOffset() == t.storageOffset()
                        && x.type().equals(t.type()) && !x.requiresGrad() ? t : x);
            }
        }
        return all;
    }

    private static void same(String what, List<TensorType> a, List<TensorType> b) {
        if (!a.equals(b)) {
            throw new CaptureException(what + " " + a + " and " + b + " at " + Origin.here()
                    + ": expected the same dtypes and shapes");
        }
    }

    // --- loops over sequences

    static Graphs.Scanned scan(Graphs.Step step, List<Tensor> initial, List<Tensor> sequences) {
        if (sequences.isEmpty()) {
            throw new TensorException("scan: no sequences: give at least one, or use whileLoop");
        }
        for (Tensor t : sequences) {
            if (t.rank() == 0 || t.size(0) != sequences.getFirst().size(0)) {
                throw new TensorException("scan: sequences " + sequences.stream().map(Tensor::shape).toList()
                        + ": expected the same number of positions along the first axis of each");
            }
        }
        if (!Context.isRecording()) {
            return run(step, initial, sequences);
        }
        int carries = initial.size();
        List<Like> slices = sequences.stream().map(Like::sliceOf).toList();
        Function<List<Tensor>, List<Tensor>> fn = in -> {
            Graphs.Scanned s = step.apply(in.subList(0, carries), in.subList(carries, carries + slices.size()));
            List<Tensor> out = new ArrayList<>(s.carried());
            out.addAll(s.outputs());
            return out;
        };
        Body b = loopBody("scan", initial, slices, List.of(), fn);
        List<Tensor> operands = new ArrayList<>(initial);
        operands.addAll(sequences);
        operands.addAll(b.free());
        boolean differentiated = b.gradient() != null;
        Scan op = new Scan(b.graph(), carries, sequences.size(), false, false, differentiated);
        int results = b.graph().outputs().size();
        List<Tensor> out = (differentiated ? new ScanGradient(op, b, carries, sequences, null).applyAll(operands)
                : emit(op, operands)).subList(0, results);
        return new Graphs.Scanned(out.subList(0, carries), out.subList(carries, results));
    }

    private static Graphs.Scanned run(Graphs.Step step, List<Tensor> initial, List<Tensor> sequences) {
        List<Tensor> carry = initial;
        List<List<Tensor>> rows = new ArrayList<>();
        long n = sequences.getFirst().size(0);
        if (n == 0) {
            throw new TensorException("scan: the sequences have no positions, so nothing says what the results are");
        }
        for (long k = 0; k < n; k++) {
            long at = k;
            Graphs.Scanned s = step.apply(carry, sequences.stream().map(t -> t.select(0, at)).toList());
            carry = s.carried();
            for (int j = 0; j < s.outputs().size(); j++) {
                if (k == 0) {
                    rows.add(new ArrayList<>());
                }
                rows.get(j).add(s.outputs().get(j));
            }
        }
        return new Graphs.Scanned(carry, rows.stream().map(r -> Tensors.stack(0, r)).toList());
    }

    /// The body of a loop, whose first outputs are the next values of its first inputs: of the same types, and with a
    /// gradient where those of any trip have one.
    private static Body loopBody(String name, List<Tensor> initial, List<Like> rest, List<Tensor> known,
            Function<List<Tensor>, List<Tensor>> fn) {
        List<Like> given = new ArrayList<>(initial.stream().map(Like::of).toList());
        given.addAll(rest);
        while (true) {
            Body b = Body.capture(name, given, known, fn);
            List<TensorType> types = Body.types(b.graph());
            if (types.size() < initial.size()) {
                throw new CaptureException(name + ": the body gives " + types.size() + " tensors at " + Origin.here()
                        + ", expected at least the " + initial.size() + " that it carries on");
            }
            same(name + ": the body is given and carries on",
                    given.subList(0, initial.size()).stream().map(Like::type).toList(),
                    types.subList(0, initial.size()));
            boolean stable = true;
            for (int i = 0; i < initial.size(); i++) {
                if (b.needs().get(i) && !given.get(i).gradient()) {
                    given.set(i, given.get(i).withGradient(true));
                    stable = false;
                }
            }
            if (stable) {
                return b;
            }
        }
    }

    static Tensor foldl(BinaryOperator<Tensor> fn, Tensor elements, Tensor initial) {
        return scan((carry, slice) -> new Graphs.Scanned(List.of(fn.apply(carry.getFirst(), slice.getFirst())),
                List.of()), List.of(initial), List.of(elements)).carried().getFirst();
    }

    // --- loops by a condition

    static List<Tensor> whileLoop(Function<List<Tensor>, Tensor> condition, Function<List<Tensor>, List<Tensor>> body,
            List<Tensor> initial, int maxTrips) {
        if (!Context.isRecording()) {
            List<Tensor> state = initial;
            for (int trips = 0; condition.apply(state).ne(0L).item() != 0; trips++) {
                if (maxTrips > 0 && trips == maxTrips) {
                    throw new TensorException("while: the condition still holds after " + maxTrips
                            + " trips, the most that were asked for: give a larger maxTrips");
                }
                state = body.apply(state);
            }
            return state;
        }
        Function<List<Tensor>, List<Tensor>> test = s -> List.of(condition.apply(s));
        List<Like> plain = initial.stream().map(t -> Like.of(t).withGradient(false)).toList();
        List<Tensor> free = union(Context.noGrad(() -> Body.capture("condition", plain, List.of(), test)).free(),
                loopBody("body", initial, List.of(), List.of(), body).free());
        Graph goesOn = Context.noGrad(() -> Body.capture("condition", plain, free, test)).graph();
        Body b = loopBody("body", initial, List.of(), free, body);
        int n = initial.size();
        if (b.graph().outputs().size() != n) {
            throw new CaptureException("while: the state has " + n + " tensors, the body gives "
                    + b.graph().outputs().size() + " at " + Origin.here());
        }
        List<Tensor> operands = new ArrayList<>(initial);
        operands.addAll(b.free());
        if (b.gradient() == null) {
            return emit(new While(goesOn, b.graph(), n, maxTrips, false), operands).subList(0, n);
        }
        if (maxTrips == 0) {
            throw new CaptureException("while at " + Origin.here() + ": its result is to be differentiated, which"
                    + " needs the state of each trip: say how many trips there may be with maxTrips");
        }
        While op = new While(goesOn, b.graph(), n, maxTrips, true);
        return new ScanGradient(op, b, n, List.of(), n).applyAll(operands).subList(0, n);
    }

    // --- running and differentiating

    static List<Tensor> emit(ControlOp op, List<Tensor> operands) {
        return Context.noGrad(() -> Dispatcher.apply(op, operands));
    }

    /// A condition or loop on the tape.
    abstract static class Differentiated extends dev.tenon.autograd.Function {
        private final ControlOp op;

        Differentiated(ControlOp op) {
            this.op = op;
        }

        /// What the gradient will need.
        abstract List<Tensor> save(List<Tensor> out);

        /// The gradient of each operand.
        ///
        /// @param grads the gradient of each floating-point output of the body
        abstract List<@Nullable Tensor> gradients(List<Tensor> saved, List<Tensor> grads);

        @Override
        public String name() {
            return op.name();
        }

        @Override
        protected List<Tensor> forward(FunctionContext ctx, List<Tensor> operands) {
            List<Tensor> out = emit(op, operands);
            ctx.saveForBackward(save(out).toArray(Tensor[]::new));
            return out;
        }

        @Override
        protected List<? extends @Nullable Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
            if (Context.tracksGradients()) {
                throw new TensorException(op.name() + ": its gradient cannot itself be differentiated inside a"
                        + " capture: write the loop in Java, outside of captures, where createGraph is wanted");
            }
            List<Tensor> grads = new ArrayList<>();
            for (int j = 0; j < op.bodies().getLast().outputs().size(); j++) {
                if (Body.types(op.bodies().getLast()).get(j).dtype().isFloating()) {
                    grads.add(gradOutputs.get(j));
                }
            }
            return gradients(ctx.savedTensors(), grads);
        }
    }
}
