package dev.tenon.backend.cuda;

import dev.tenon.api.DType;

/// A normalisation as cuDNN's operation.
final class NormGraph {
    private NormGraph() {}

    static void fill(CudnnGraph g, NormForm form) {
        int mode = form.mode() == NormForm.Mode.BATCH ? CudnnCode.BATCH_NORM : CudnnCode.LAYER_NORM;
        if (form.backward()) {
            backward(g, form, mode);
        } else {
            forward(g, form, mode);
        }
    }

    private static void forward(CudnnGraph g, NormForm form, int mode) {
        CudnnDescriptors d = g.descriptors();
        long x = g.operand(0, form.dtype(), form.x());
        long scale = g.operand(1, form.parameters(), form.parameter());
        long shift = g.operand(2, form.parameters(), form.parameter());
        long y = g.operand(3, form.dtype(), form.x());
        long mean = g.operand(4, DType.F32, form.statistic());
        long inverse = g.operand(5, DType.F32, form.statistic());
        long epsilon = g.constant((float) form.epsilon(), form.x().dims().size());
        long op = d.create(CudnnCode.BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR);
        d.choice(op, CudnnCode.ATTR_OPERATION_NORM_FWD_MODE, CudnnCode.TYPE_NORM_MODE, mode);
        d.choice(op, CudnnCode.ATTR_OPERATION_NORM_FWD_PHASE, CudnnCode.TYPE_NORM_FWD_PHASE,
                CudnnCode.NORM_FWD_TRAINING);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_FWD_XDESC, x);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_FWD_SCALE_DESC, scale);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_FWD_BIAS_DESC, shift);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_FWD_EPSILON_DESC, epsilon);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_FWD_MEAN_DESC, mean);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC, inverse);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_FWD_YDESC, y);
        g.add(op, form.what());
    }

    private static void backward(CudnnGraph g, NormForm form, int mode) {
        CudnnDescriptors d = g.descriptors();
        long dy = g.operand(0, form.dtype(), form.x());
        long x = g.operand(1, form.dtype(), form.x());
        long scale = g.operand(2, form.parameters(), form.parameter());
        long mean = g.operand(3, DType.F32, form.statistic());
        long inverse = g.operand(4, DType.F32, form.statistic());
        long dx = g.operand(5, form.dtype(), form.x());
        long dScale = g.operand(6, form.parameters(), form.parameter());
        long dShift = g.operand(7, form.parameters(), form.parameter());
        long op = d.create(CudnnCode.BACKEND_OPERATION_NORM_BACKWARD_DESCRIPTOR);
        d.choice(op, CudnnCode.ATTR_OPERATION_NORM_BWD_MODE, CudnnCode.TYPE_NORM_MODE, mode);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_BWD_XDESC, x);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_BWD_DYDESC, dy);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_BWD_SCALE_DESC, scale);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_BWD_MEAN_DESC, mean);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_BWD_INV_VARIANCE_DESC, inverse);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_BWD_DSCALE_DESC, dScale);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_BWD_DBIAS_DESC, dShift);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_NORM_BWD_DXDESC, dx);
        g.add(op, "the gradients of " + form.what());
    }
}
