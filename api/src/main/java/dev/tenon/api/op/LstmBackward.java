package dev.tenon.api.op;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.rsub;
import static dev.tenon.api.op.Exprs.square;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// The gradients of an [Lstm] but for that of the weights, which is one product of what this gives and the states.
/// Operands: the gradient of the states; the sums and the memories that it gave; the first memory; the weights; and,
/// or not, the gradient of the memories; and, after that, or not, the gradient of the sums. Outputs: the gradients of
/// the mapped inputs, `[time, n, 4 hidden]`, of the first state and of the first memory, `[n, hidden]`.
///
/// @param lstm what was computed
public record LstmBackward(Lstm lstm) implements Composite {
    private static final ConcurrentMap<DType, Lambda> CELLS = new ConcurrentHashMap<>();

    @Override
    public String name() {
        return "lstm_backward";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType sums = in.get(1);
        TensorType memory = TensorType.of(in.get(3).dtype(), in.get(3).shape());
        return List.of(TensorType.of(sums.dtype(), sums.shape()), memory, memory);
    }

    /// The gradients of the four sums and of the memory before. Operands: the sums, the memory before and after, the
    /// gradients of the state and of the memory after.
    private static Lambda cell(DType d) {
        DType work = d.kind().dtype();
        Expr[] x = new Expr[8];
        Arrays.setAll(x, i -> Exprs.in(i, d, work));
        Expr input = unary(UnaryFn.SIGMOID, x[0]);
        Expr forget = unary(UnaryFn.SIGMOID, x[1]);
        Expr cell = unary(UnaryFn.TANH, x[2]);
        Expr output = unary(UnaryFn.SIGMOID, x[3]);
        Expr shown = unary(UnaryFn.TANH, x[5]);
        Expr memory = add(x[7], mul(mul(x[6], output), rsub(1, square(shown))));
        return Lambda.of(List.of(
                mul(mul(memory, cell), slope(input)),
                mul(mul(memory, x[4]), slope(forget)),
                mul(mul(memory, input), rsub(1, square(cell))),
                mul(mul(x[6], shown), slope(output)),
                mul(memory, forget)), List.of(d, d, d, d, d));
    }

    /// The derivative of the logistic function where it is y.
    private static Expr slope(Expr y) {
        return mul(y, rsub(1, y));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor sums = in.get(1);
        Tensor memories = in.get(2);
        int steps = Math.toIntExact(sums.size(0));
        MapOp cell = MapOp.of("lstm_cell_backward", CELLS.computeIfAbsent(sums.dtype(), LstmBackward::cell));
        Tensor zero = Tensors.zerosLike(in.get(3));
        Tensor state = zero;
        Tensor memory = zero;
        Tensor[] grads = new Tensor[steps];
        for (int i = steps - 1; i >= 0; i--) {
            int t = lstm.step(i, steps);
            Tensor g = in.get(0).select(0, t);
            List<Tensor> operands = new ArrayList<>(sums.select(0, t).chunk(4, 1));
            operands.add(i == 0 ? in.get(3) : memories.select(0, lstm.step(i - 1, steps)));
            operands.add(memories.select(0, t));
            operands.add(i == steps - 1 ? g : g.add(state));
            operands.add(in.size() > 5 ? memory.add(in.get(5).select(0, t)) : memory);
            List<Tensor> out = Dispatcher.apply(cell, operands);
            memory = out.get(4);
            Tensor all = Tensors.cat(1, out.subList(0, 4));
            grads[t] = in.size() > 6 ? all.add(in.get(6).select(0, t)) : all;
            state = grads[t].matmul(in.get(4));
        }
        return List.of(Tensors.stack(0, grads), state, memory);
    }
}
