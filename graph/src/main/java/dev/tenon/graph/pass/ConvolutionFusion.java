package dev.tenon.graph.pass;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.ViewOp;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Lets convolutions add biases and residuals and apply activations before they store: bias and ReLU after a
/// convolution become one op with it.
public final class ConvolutionFusion extends EpilogueFusion {
    /// The pass `fuse-convolution`.
    public ConvolutionFusion() {
        super("fuse-convolution");
    }

    @Override
    Optional<Epilogue> epilogue(Node node, GraphWriter w) {
        List<Value> extras = node.inputs().subList(Math.min(2, node.inputs().size()), node.inputs().size());
        return switch (node.op()) {
            case FusedConvolution f -> Optional.of(new Epilogue(f.epilogue(), f.scalars(), List.copyOf(extras)));
            case Convolution _ -> {
                DType d = node.output().type().dtype();
                if (extras.isEmpty()) {
                    yield Optional.of(new Epilogue(Lambda.identity(d), Scalars.NONE, List.of()));
                }
                Lambda add = Lambda.of(Exprs.add(Exprs.in(0, d), Exprs.in(1, d)), d);
                yield Optional.of(new Epilogue(add, Scalars.NONE, List.of(perChannel(extras.getFirst(), node, w))));
            }
            default -> Optional.empty();
        };
    }

    /// A bias with axes of extent 1 behind that of the channels, so that it broadcasts.
    private static Value perChannel(Value bias, Node node, GraphWriter w) {
        long[] dims = new long[node.output().type().rank() - 1];
        Arrays.fill(dims, 1);
        dims[0] = bias.type().elements();
        return w.add(new ViewOp.Reshape(Shape.of(dims)), List.of(bias), node.device(), node.origin()).output();
    }

    @Override
    Op withEpilogue(Node node, Lambda body, Scalars scalars) {
        Convolution c = node.op() instanceof FusedConvolution f ? f.convolution() : (Convolution) node.op();
        return new FusedConvolution(c, body, scalars);
    }
}
