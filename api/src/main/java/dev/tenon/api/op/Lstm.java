package dev.tenon.api.op;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// One layer of long short-term memory (Hochreiter and Schmidhuber, 1997, with the forget gate of Gers et al., 2000)
/// over a whole sequence. Operands, all of one dtype: the mapped inputs with their shifts, `[time, n, 4 hidden]`, gates
/// in the order input, forget, cell, output; the weights of the state R, `[4 hidden, hidden]`; the first state h and
/// the first memory c, `[n, hidden]`. At each step s = mapped + h Rᵀ, c = σ(s_f) c + σ(s_i) tanh(s_g) and
/// h = σ(s_o) tanh(c).
///
/// Outputs, in the order of the sequence: the states h, `[time, n, hidden]`; the memories c, of the same shape; and the
/// sums s, `[time, n, 4 hidden]`, which the gradient is made of.
///
/// @param backwards whether it runs from the last step to the first
public record Lstm(boolean backwards) implements Composite {
    private record DTypes(DType gates, DType memory) {}

    private static final ConcurrentMap<DTypes, Lambda> CELLS = new ConcurrentHashMap<>();

    @Override
    public String name() {
        return "lstm";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        TensorType r = in.get(1);
        DType d = x.dtype();
        boolean fits = x.rank() == 3 && d.isFloating() && x.shape().dim(0) > 0
                && in.subList(1, 4).stream().allMatch(t -> t.rank() == 2 && t.dtype() == d);
        Shape one = fits ? Shape.of(x.shape().dim(1), r.shape().dim(1)) : x.shape();
        fits &= fits && x.shape().dim(2) == 4 * one.dim(1) && r.shape().dim(0) == 4 * one.dim(1)
                && in.get(2).shape().equals(one) && in.get(3).shape().equals(one);
        if (!fits) {
            throw new TensorException("lstm: mapped inputs " + x + ", weights " + r + ", state " + in.get(2)
                    + ", memory " + in.get(3) + ": expected floating-point [time, n, 4 hidden], [4 hidden, hidden] and"
                    + " twice [n, hidden], of one dtype and at least one step");
        }
        TensorType states = TensorType.of(d, Shape.of(x.shape().dim(0)).concat(one));
        return List.of(states, states, TensorType.of(d, x.shape()));
    }

    /// What a cell computes elementwise: the next state and memory from the sums of the four gates and the memory.
    ///
    /// @param gates the dtype of the sums, and of the state
    /// @param memory the dtype of the memory
    public static Lambda cell(DType gates, DType memory) {
        return CELLS.computeIfAbsent(new DTypes(gates, memory), Lstm::newCell);
    }

    private static Lambda newCell(DTypes dtypes) {
        DType work = DType.promote(dtypes.gates, dtypes.memory).kind().dtype();
        Expr[] x = new Expr[5];
        Arrays.setAll(x, i -> Exprs.in(i, i < 4 ? dtypes.gates : dtypes.memory, work));
        Expr memory = add(mul(unary(UnaryFn.SIGMOID, x[1]), x[4]),
                mul(unary(UnaryFn.SIGMOID, x[0]), unary(UnaryFn.TANH, x[2])));
        Expr hidden = mul(unary(UnaryFn.SIGMOID, x[3]), unary(UnaryFn.TANH, memory));
        return Lambda.of(List.of(hidden, memory), List.of(dtypes.gates, dtypes.memory));
    }

    /// The step that comes as number `i`.
    int step(int i, int steps) {
        return backwards ? steps - 1 - i : i;
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor x = in.getFirst();
        Tensor weights = in.get(1).t();
        Tensor state = in.get(2);
        Tensor memory = in.get(3);
        int steps = Math.toIntExact(x.size(0));
        MapOp cell = MapOp.of("lstm_cell", cell(x.dtype(), x.dtype()));
        Tensor[] states = new Tensor[steps];
        Tensor[] memories = new Tensor[steps];
        Tensor[] sums = new Tensor[steps];
        for (int i = 0; i < steps; i++) {
            int t = step(i, steps);
            sums[t] = x.select(0, t).add(state.matmul(weights));
            List<Tensor> operands = new ArrayList<>(sums[t].chunk(4, 1));
            operands.add(memory);
            List<Tensor> out = Dispatcher.apply(cell, operands);
            state = out.get(0);
            memory = out.get(1);
            states[t] = state;
            memories[t] = memory;
        }
        return List.of(Tensors.stack(0, states), Tensors.stack(0, memories), Tensors.stack(0, sums));
    }
}
