package dev.tenon.api.op;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.ArrayList;
import java.util.List;

/// A [Convolution] whose results go through an elementwise op before they are stored: bias, batch normalisation with
/// given statistics, activation, residual. Operands: input and weight as of the convolution, then those of the
/// epilogue, which broadcast to the result. An op of its own, so that backends that know convolutions alone take the
/// decomposition.
///
/// @param convolution the convolution, without bias
/// @param epilogue what is done to each element: its operand 0 is the convolution's, its operand i is operand i + 1 of
///     this op; one output
/// @param scalars the numbers for the epilogue's parameters
public record FusedConvolution(Convolution convolution, Lambda epilogue, Scalars scalars) implements Composite {
    /// Checks the epilogue.
    public FusedConvolution {
        if (epilogue.outputs().size() != 1) {
            throw new IllegalArgumentException("the epilogue of a convolution has one output");
        }
        if (epilogue.params() > scalars.size()) {
            throw new IllegalArgumentException(
                    "fused convolution: " + epilogue.params() + " parameters but " + scalars.size() + " numbers");
        }
    }

    @Override
    public String name() {
        return "fused_" + convolution.name();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        if (in.size() < 2 || in.size() <= epilogue.operands()) {
            throw new TensorException(name() + ": needs " + (1 + Math.max(1, epilogue.operands()))
                    + " operands, has " + in.size());
        }
        TensorType y = convolution.infer(in.subList(0, 2)).getFirst();
        for (TensorType extra : in.subList(2, in.size())) {
            if (!extra.shape().broadcastsTo(y.shape())) {
                throw new TensorException(name() + ": epilogue operand " + extra.shape() + " does not broadcast to "
                        + y.shape());
            }
        }
        return List.of(y.withDType(epilogue.dtype()));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        List<Tensor> operands = new ArrayList<>();
        operands.add(Dispatcher.run(convolution, in.get(0), in.get(1)));
        operands.addAll(in.subList(2, in.size()));
        return Dispatcher.apply(MapOp.of(name(), epilogue, scalars), operands);
    }

    @Override
    public FusedConvolution withScalars(Scalars numbers) {
        return new FusedConvolution(convolution, epilogue, numbers);
    }

    @Override
    public Op kernelKey() {
        return scalars.size() == 0 ? this : withScalars(Scalars.zeros(epilogue.params()));
    }
}
