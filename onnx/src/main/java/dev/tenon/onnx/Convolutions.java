package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Convolutions of all kinds.
final class Convolutions {
    private Convolutions() {}

    static void register(Operators r) {
        r.same("Conv", 1, c -> conv(c, c.x(0), c.x(1), c.optional(2)));
        r.same("ConvTranspose", 1, Convolutions::transposed);
        r.plain("ConvInteger", 10, c -> conv(c, Matrices.centred(c, 0, 2, false), centredWeight(c, 1, 3), null));
        r.same("DeformConv", 19, Convolutions::deformable);
    }

    /// A quantised weight less its zero point, of which there may be one for each output channel.
    static Tensor centredWeight(Call c, int weight, int zero) {
        Tensor w = c.x(weight).to(DType.I32);
        return c.has(zero) ? w.sub(perFirst(c.x(zero).to(DType.I32), w.rank())) : w;
    }

    /// A number for each element of the first axis, shaped to broadcast; or a single number.
    static Tensor perFirst(Tensor t, int rank) {
        if (t.elements() == 1) {
            return t.reshape(Shape.SCALAR);
        }
        long[] dims = new long[rank];
        Arrays.fill(dims, 1);
        dims[0] = t.elements();
        return t.reshape(dims);
    }

    static Tensor conv(Call c, Tensor x, Tensor w, @Nullable Tensor bias) {
        WindowSettings s = WindowSettings.of(c, w.shape().slice(2, w.rank()).toArray());
        Convolution op = new Convolution(s.geometry(), (int) c.attr("group", 1));
        return Dispatcher.apply(op, bias == null ? List.of(x, w) : List.of(x, w, bias)).getFirst();
    }

    private static Tensor transposed(Call c) {
        Tensor x = c.x(0);
        Tensor w = c.x(1);
        int n = w.rank() - 2;
        int groups = (int) c.attr("group", 1);
        WindowSettings s = WindowSettings.of(c, w.shape().slice(2, w.rank()).toArray());
        long[] extra = WindowSettings.each(c, "output_padding", n, 0);
        long[] shape = c.integers("output_shape");
        String auto = c.attr("auto_pad", "NOTSET");
        long[] full = new long[n + 2];
        long[] before = new long[n + 2];
        long[] after = new long[n + 2];
        full[0] = x.size(0);
        full[1] = w.size(1) * groups;
        for (int i = 0; i < n; i++) {
            full[i + 2] = s.strides()[i] * (x.size(i + 2) - 1) + s.dilations()[i] * (s.kernel()[i] - 1) + 1;
            long low = s.low()[i];
            long high = s.high()[i];
            boolean same = auto.startsWith("SAME");
            if (shape != null || same) {
                long wanted = shape != null ? shape[shape.length - n + i] : x.size(i + 2) * s.strides()[i];
                long total = full[i + 2] + extra[i] - wanted;
                low = total < 0 ? 0 : auto.equals("SAME_UPPER") ? total / 2 : total - total / 2;
                high = total - low;
            }
            before[i + 2] = -low;
            after[i + 2] = extra[i] - high;
        }
        WindowSettings plain = new WindowSettings(s.kernel(), s.strides(), s.dilations(), new long[n], new long[n],
                false);
        Convolution op = new Convolution(plain.geometry(), groups);
        Tensor whole = Dispatcher.run(new ConvolutionBackwardData(op, Shape.of(full)), x, w);
        Tensor y = Arrangements.constantPad(whole, before, after, c.full(Shape.SCALAR, 0, x.dtype()));
        return c.has(2) ? y.add(Normalizations.perChannel(c.x(2), y.rank())) : y;
    }

    /// Convolution whose windows take their elements from places moved by offsets, and weighted by a mask (Zhu et al.,
    /// "Deformable ConvNets v2", 2019). Elements between places are interpolated, those outside are zero.
    private static Tensor deformable(Call c) {
        Tensor x = c.x(0);
        Tensor w = c.x(1);
        if (x.rank() != 4) {
            throw new IllegalArgumentException("input " + x.shape() + ": deformable convolution takes images,"
                    + " [n, c, height, width]");
        }
        long kh = w.size(2);
        long kw = w.size(3);
        WindowSettings s = WindowSettings.of(c, new long[] {kh, kw});
        long k = kh * kw;
        long groups = c.attr("group", 1);
        long offsetGroups = c.attr("offset_group", 1);
        long n = x.size(0);
        long oh = c.x(2).size(2);
        long ow = c.x(2).size(3);
        DType work = x.dtype().kind().dtype();
        Tensor offset = c.x(2).reshape(n, offsetGroups, k, 2, oh, ow).to(work);
        Tensor rows = places(oh, s.strides()[0], kh, s.dilations()[0], s.low()[0], work, c).reshape(oh, kh)
                .t().reshape(kh, 1, oh, 1).expand(kh, kw, oh, ow).reshape(k, oh, ow);
        Tensor columns = places(ow, s.strides()[1], kw, s.dilations()[1], s.low()[1], work, c).reshape(ow, kw)
                .t().reshape(1, kw, 1, ow).expand(kh, kw, oh, ow).reshape(k, oh, ow);
        Tensor y = offset.select(3, 0).add(rows).reshape(n * offsetGroups, k * oh * ow);
        Tensor z = offset.select(3, 1).add(columns).reshape(n * offsetGroups, k * oh * ow);
        long per = x.size(1) / offsetGroups;
        Tensor planes = x.reshape(n * offsetGroups, per, x.size(2), x.size(3)).to(work);
        Tensor taken = Sampling.linear(planes, List.of(y, z)).reshape(n, offsetGroups, per, k, oh * ow);
        if (c.has(4)) {
            taken = taken.mul(c.x(4).to(work).reshape(n, offsetGroups, 1, k, oh * ow));
        }
        Tensor matrix = w.to(work).reshape(groups, w.size(0) / groups, w.size(1) * k);
        Tensor out = matrix.matmul(taken.reshape(n, groups, w.size(1) * k, oh * ow)).reshape(n, w.size(0), oh, ow);
        return c.has(3) ? out.add(c.x(3).reshape(1, -1, 1, 1)) : out;
    }

    /// Where each position of each window lies, `[windows * kernel]`.
    private static Tensor places(long windows, long stride, long kernel, long dilation, long low, DType dtype, Call c) {
        Tensor start = Tensors.arange(0, windows, 1, DType.I64, c.device()).mul(stride).sub(low).unsqueeze(1);
        Tensor within = Tensors.arange(0, kernel, 1, DType.I64, c.device()).mul(dilation);
        return start.add(within).reshape(-1).to(dtype);
    }
}
