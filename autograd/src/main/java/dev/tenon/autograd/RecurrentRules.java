package dev.tenon.autograd;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Lstm;
import dev.tenon.api.op.LstmBackward;
import java.util.ArrayList;
import java.util.List;

/// Recurrent layers: one op back through the sequence, then one product of all steps for the gradient of the weights.
final class RecurrentRules {
    private RecurrentRules() {}

    static final class OfLstm implements Rule<Lstm> {
        @Override
        public void save(Lstm op, Link link) {
            for (int i = 1; i < link.inputs(); i++) {
                link.saveInput(i);
            }
            for (int j = 0; j < 3; j++) {
                link.saveOutput(j);
            }
        }

        @Override
        public void backward(Lstm op, Backward b) {
            List<Tensor> in = new ArrayList<>(List.of(b.grad(0), b.output(2), b.output(1), b.input(3), b.input(1)));
            boolean ofSums = b.gradOrNull(2) != null;
            if (ofSums || b.gradOrNull(1) != null) {
                in.add(b.grad(1));
            }
            if (ofSums) {
                in.add(b.grad(2));
            }
            List<Tensor> grads = Dispatcher.apply(new LstmBackward(op), in);
            b.set(0, grads.get(0));
            b.set(2, grads.get(1));
            b.set(3, grads.get(2));
            if (b.needs(1)) {
                b.set(1, ofWeights(op, grads.getFirst(), b.output(0), b.input(2)));
            }
        }

        /// The sum over all steps of the product of the sums' gradient and the state before.
        private static Tensor ofWeights(Lstm op, Tensor grads, Tensor states, Tensor first) {
            long others = states.size(0) - 1;
            Tensor one = first.unsqueeze(0);
            Tensor before = op.backwards() ? Tensors.cat(0, states.narrow(0, 1, others), one)
                    : Tensors.cat(0, one, states.narrow(0, 0, others));
            return grads.flatten(0, 1).t().matmul(before.flatten(0, 1));
        }
    }
}
