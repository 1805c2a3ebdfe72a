package dev.tenon.backend.cuda;

import dev.tenon.api.DType;
import dev.tenon.backend.cuda.ConvolutionForm.Direction;

/// A convolution as cuDNN's operations: the convolution itself, then what is done to its result.
final class ConvolutionGraph {
    private ConvolutionGraph() {}

    /// Addresses are given in the op's order: the result last, whichever of input, weight and output it is.
    static void fill(CudnnGraph g, ConvolutionForm form) {
        boolean bias = form.epilogue().hasBias();
        boolean relu = form.epilogue().hasRelu();
        int last = form.operands().size();
        Direction direction = form.direction();
        long x = g.operand(direction == Direction.BACKWARD_DATA ? last : 0, form.dtype(), form.x());
        long w = g.operand(direction == Direction.BACKWARD_WEIGHT ? last : 1, form.dtype(), form.w());
        int place = direction == Direction.FORWARD ? last : direction == Direction.BACKWARD_DATA ? 0 : 1;
        long y = g.operand(place, form.dtype(), form.y());
        long sum = bias || relu ? g.between(form.y()) : y;
        convolve(g, form, x, w, sum);
        if (bias) {
            long b = g.operand(2, form.dtype(), form.y().perChannel());
            long biased = relu ? g.between(form.y()) : y;
            g.pointwise(CudnnCode.POINTWISE_ADD, sum, b, biased);
            sum = biased;
        }
        if (relu) {
            g.pointwise(CudnnCode.POINTWISE_RELU_FWD, sum, 0, y);
        }
    }

    private static void convolve(CudnnGraph g, ConvolutionForm form, long x, long w, long y) {
        CudnnDescriptors d = g.descriptors();
        boolean doubles = form.dtype() == DType.F64;
        long c = d.create(CudnnCode.BACKEND_CONVOLUTION_DESCRIPTOR);
        d.choice(c, CudnnCode.ATTR_CONVOLUTION_COMP_TYPE, CudnnCode.TYPE_DATA_TYPE,
                doubles ? CudnnCode.DATA_DOUBLE : CudnnCode.DATA_FLOAT);
        d.choice(c, CudnnCode.ATTR_CONVOLUTION_CONV_MODE, CudnnCode.TYPE_CONVOLUTION_MODE,
                CudnnCode.CROSS_CORRELATION);
        d.integer(c, CudnnCode.ATTR_CONVOLUTION_SPATIAL_DIMS, form.stride().size());
        d.integers(c, CudnnCode.ATTR_CONVOLUTION_PRE_PADDINGS, form.padding());
        d.integers(c, CudnnCode.ATTR_CONVOLUTION_POST_PADDINGS, form.padding());
        d.integers(c, CudnnCode.ATTR_CONVOLUTION_DILATIONS, form.dilation());
        d.integers(c, CudnnCode.ATTR_CONVOLUTION_FILTER_STRIDES, form.stride());
        d.finish(c, "a convolution");
        Operation o = switch (form.direction()) {
            case FORWARD -> Operation.FORWARD;
            case BACKWARD_DATA -> Operation.BACKWARD_DATA;
            case BACKWARD_WEIGHT -> Operation.BACKWARD_FILTER;
        };
        long op = d.create(o.kind);
        d.descriptor(op, o.x, x);
        d.descriptor(op, o.w, w);
        d.descriptor(op, o.y, y);
        d.descriptor(op, o.convolution, c);
        d.real(op, o.alpha, doubles, 1);
        d.real(op, o.beta, doubles, 0);
        g.add(op, "the operation " + form.direction());
    }

    /// The numbers of an operation's attributes.
    private enum Operation {
        FORWARD(CudnnCode.BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_X, CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_BETA),
        BACKWARD_DATA(CudnnCode.BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA),
        BACKWARD_FILTER(CudnnCode.BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA);

        private final int kind;
        private final int x;
        private final int w;
        private final int y;
        private final int convolution;
        private final int alpha;
        private final int beta;

        Operation(int kind, int x, int w, int y, int convolution, int alpha, int beta) {
            this.kind = kind;
            this.x = x;
            this.w = w;
            this.y = y;
            this.convolution = convolution;
            this.alpha = alpha;
            this.beta = beta;
        }
    }
}
