package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.List;

/// Values of images at places between their elements.
final class Sampling {
    private Sampling() {}

    /// The elements of `[n, c, spatial...]` at whole places, zero outside.
    ///
    /// @param places for each spatial axis `[n, m]`, floating-point whole numbers
    /// @return `[n, c, m]`
    static Tensor at(Tensor x, List<Tensor> places) {
        Tensor within = null;
        Tensor index = null;
        for (int i = 0; i < places.size(); i++) {
            Tensor p = places.get(i).detach();
            long n = x.size(i + 2);
            Tensor ok = p.ge(0).logicalAnd(p.le((double) (n - 1)));
            within = within == null ? ok : within.logicalAnd(ok);
            Tensor safe = p.where(ok, Tensors.zerosLike(p)).to(DType.I64);
            index = index == null ? safe : index.mul(n).add(safe);
        }
        if (within == null || index == null) {
            throw new IllegalArgumentException("an image without spatial axes");
        }
        Tensor planes = x.reshape(Shape.of(x.size(0), x.size(1), x.shape().slice(2, x.rank()).elements()));
        Tensor picked = planes.gather(2, index.unsqueeze(1).expand(x.size(0), x.size(1), index.size(1)));
        return picked.where(within.unsqueeze(1), Tensors.full(Shape.SCALAR, 0, x.dtype(), x.device()));
    }

    /// The values of `[n, c, spatial...]` at any places, linearly interpolated between elements and the zeros outside.
    static Tensor linear(Tensor x, List<Tensor> places) {
        List<Tensor> low = new ArrayList<>();
        List<Tensor> part = new ArrayList<>();
        for (Tensor p : places) {
            Tensor floor = p.detach().floor();
            low.add(floor);
            part.add(p.sub(floor));
        }
        Tensor sum = null;
        for (int corner = 0; corner < 1 << places.size(); corner++) {
            List<Tensor> at = new ArrayList<>();
            Tensor weight = null;
            for (int i = 0; i < places.size(); i++) {
                boolean upper = (corner >> i & 1) == 1;
                at.add(upper ? low.get(i).add(1.0) : low.get(i));
                Tensor w = upper ? part.get(i) : part.get(i).rsub(1);
                weight = weight == null ? w : weight.mul(w);
            }
            if (weight == null) {
                throw new IllegalArgumentException("an image without spatial axes");
            }
            Tensor term = at(x, at).mul(weight.unsqueeze(1));
            sum = sum == null ? term : sum.add(term);
        }
        if (sum == null) {
            throw new IllegalStateException("no corners");
        }
        return sum;
    }
}
