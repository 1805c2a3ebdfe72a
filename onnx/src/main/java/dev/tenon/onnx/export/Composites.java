package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.Cat;
import dev.tenon.api.op.Composite;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.Pad;
import dev.tenon.api.op.Softmax;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewScatter;
import dev.tenon.api.op.WindowGeometry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Composites that ONNX has an operator for. Of the others, and of cases that the operator does not cover, the
/// decomposition is written.
final class Composites {
    private final Block block;

    Composites(Block block) {
        this.block = block;
    }

    /// The results, or nothing where there is no operator.
    List<Term> write(Composite c, List<Term> in, List<TensorType> results) {
        TensorType first = results.getFirst();
        Term x = in.getFirst();
        boolean floating = x.dtype().isFloating();
        boolean empty = x.shape().elements() == 0;
        return switch (c) {
            case Cat cat -> List.of(block.concat(cat.axis(), in));
            case Pad p -> List.of(pad(p, x, first.shape()));
            case ViewScatter v -> List.of(new Views(block).replaced(v.view(), x, in.get(1)));
            case Softmax s when floating -> List.of(wide("Softmax", x, first, Map.of("axis", (long) s.axis())));
            case LogSoftmax s when floating -> List.of(wide("LogSoftmax", x, first, Map.of("axis", (long) s.axis())));
            // Of 64-bit numbers the operator gives statistics in 32 bits.
            case LayerNorm l when x.dtype().kind() == DType.Kind.F32 -> layerNorm(l, in, results);
            case Attention a when !empty && in.get(1).shape().elements() > 0 -> new AttentionWriter(block).write(a, in);
            case Convolution v when floating && !empty && isPadded(v.geometry()) -> List.of(convolution(v, in, first));
            case ConvolutionBackwardData b when floating && !empty -> transposed(b, in, first);
            case MaxPool p when floating && !empty -> maxPool(p, x, results);
            case AvgPool p when floating && !empty -> averagePool(p, x, first);
            default -> List.of();
        };
    }

    /// A function of one value in the arithmetic of its kind.
    private Term wide(String op, Term x, TensorType result, Map<String, Object> attributes) {
        DType work = x.dtype().kind().dtype();
        return block.cast(block.add(op, work, result.shape(), List.of(block.cast(x, work)), attributes), x.dtype());
    }

    private Term pad(Pad p, Term x, Shape result) {
        DType work = x.dtype() == DType.BOOL ? DType.BOOL : x.dtype().kind().dtype();
        List<Long> widths = new ArrayList<>(p.low());
        widths.addAll(p.high());
        if (widths.stream().allMatch(w -> w == 0)) {
            return x;
        }
        Term number = block.model.number(work, work == DType.BOOL && p.value() != 0 ? 1 : p.value());
        List<Term> in = List.of(block.cast(x, work), block.model.longs(widths), number);
        return block.cast(block.add("Pad", work, result, in, Map.of()), x.dtype());
    }

    private List<Term> layerNorm(LayerNorm l, List<Term> in, List<TensorType> results) {
        DType work = in.getFirst().dtype().kind().dtype();
        Term x = in.getFirst();
        Shape rows = results.get(1).shape();
        Shape kept = rows;
        for (int i = 0; i < l.axes(); i++) {
            kept = kept.concat(Shape.of(1));
        }
        List<Term> out = block.add("LayerNormalization", in.stream().map(t -> block.cast(t, work)).toList(),
                Map.of("axis", (long) -l.axes(), "epsilon", l.epsilon()),
                List.of(new Term("", work, x.shape()), new Term("", work, kept), new Term("", work, kept)));
        return List.of(block.cast(out.getFirst(), x.dtype()), block.reshape(out.get(1), rows),
                block.reshape(out.get(2), rows));
    }

    // --- convolution

    private static boolean isPadded(WindowGeometry g) {
        return g.padLow().stream().allMatch(p -> p >= 0) && g.padHigh().stream().allMatch(p -> p >= 0);
    }

    private static List<Long> spatial(Shape s) {
        List<Long> dims = new ArrayList<>();
        for (int i = 2; i < s.rank(); i++) {
            dims.add(s.dim(i));
        }
        return dims;
    }

    private static Map<String, Object> geometry(WindowGeometry g, List<? extends Number> kernel,
            List<Integer> padHigh) {
        List<Integer> pads = new ArrayList<>(g.padLow());
        pads.addAll(padHigh);
        Map<String, Object> a = new LinkedHashMap<>();
        a.put("kernel_shape", longs(kernel));
        a.put("strides", longs(g.stride()));
        a.put("pads", longs(pads));
        a.put("dilations", longs(g.dilation()));
        return a;
    }

    private static List<Long> longs(List<? extends Number> l) {
        return l.stream().map(Number::longValue).toList();
    }

    private Term convolution(Convolution c, List<Term> in, TensorType result) {
        DType work = in.getFirst().dtype().kind().dtype();
        Map<String, Object> a = geometry(c.geometry(), spatial(in.get(1).shape()), c.geometry().padHigh());
        a.put("group", (long) c.groups());
        List<Term> operands = in.stream().map(t -> block.cast(t, work)).toList();
        return block.cast(block.add("Conv", work, result.shape(), operands, a), in.getFirst().dtype());
    }

    /// The gradient of a convolution is a transposed one, if the rest that the strides leave is not too large.
    private List<Term> transposed(ConvolutionBackwardData b, List<Term> in, TensorType result) {
        WindowGeometry g = b.convolution().geometry();
        Term w = in.get(1);
        List<Long> rest = new ArrayList<>();
        for (int i = 0; i < g.axes(); i++) {
            long reach = (long) g.dilation().get(i) * (w.shape().dim(i + 2) - 1) + 1;
            long full = (in.getFirst().shape().dim(i + 2) - 1) * g.stride().get(i) + reach
                    - g.padLow().get(i) - g.padHigh().get(i);
            rest.add(b.input().dim(i + 2) - full);
            if (rest.get(i) < 0 || rest.get(i) >= Math.max(g.stride().get(i), g.dilation().get(i))) {
                return List.of();
            }
        }
        if (!isPadded(g)) {
            return List.of();
        }
        DType work = w.dtype().kind().dtype();
        Map<String, Object> a = geometry(g, spatial(w.shape()), g.padHigh());
        a.put("group", (long) b.convolution().groups());
        a.put("output_padding", rest);
        List<Term> operands = in.stream().map(t -> block.cast(t, work)).toList();
        return List.of(block.cast(block.add("ConvTranspose", work, result.shape(), operands, a), w.dtype()));
    }

    // --- pooling

    /// The padding at the end with which as many windows fit as there are; runtimes differ in what they make of
    /// `ceil_mode`.
    private static List<Integer> padHigh(WindowGeometry g, List<Integer> kernel, Shape input, Shape output) {
        List<Integer> pads = new ArrayList<>();
        for (int i = 0; i < g.axes(); i++) {
            long span = (long) g.dilation().get(i) * (kernel.get(i) - 1) + 1;
            long needed = (output.dim(i + 2) - 1) * g.stride().get(i) + span - input.dim(i + 2) - g.padLow().get(i);
            pads.add((int) Math.max(g.padHigh().get(i), needed));
        }
        return pads;
    }

    private List<Term> maxPool(MaxPool p, Term x, List<TensorType> results) {
        DType work = x.dtype().kind().dtype();
        Shape out = results.getFirst().shape();
        List<Integer> high = padHigh(p.geometry(), p.kernel(), x.shape(), out);
        for (int i = 0; i < high.size(); i++) {
            if (high.get(i) >= p.kernel().get(i) || p.geometry().padLow().get(i) >= p.kernel().get(i)) {
                return List.of();
            }
        }
        List<Term> made = block.add("MaxPool", List.of(block.cast(x, work)), geometry(p.geometry(), p.kernel(), high),
                List.of(new Term("", work, out), new Term("", DType.I64, out)));
        // ONNX counts positions over all samples and channels, Tenon within a channel.
        long plane = x.shape().slice(2, x.rank()).elements();
        Term at = block.binary("Mod", made.get(1), block.model.integer(DType.I64, plane));
        return List.of(block.cast(made.getFirst(), x.dtype()), at);
    }

    private List<Term> averagePool(AvgPool p, Term x, TensorType result) {
        List<Integer> high = padHigh(p.geometry(), p.kernel(), x.shape(), result.shape());
        boolean reachesOver = !high.equals(p.geometry().padHigh());
        boolean plain = p.geometry().dilation().stream().allMatch(d -> d == 1);
        for (int i = 0; i < high.size(); i++) {
            plain &= high.get(i) < p.kernel().get(i) && p.geometry().padLow().get(i) < p.kernel().get(i);
        }
        if (p.divisor().isPresent() || reachesOver && p.countPadding() || !plain) {
            return List.of();
        }
        Map<String, Object> a = geometry(p.geometry(), p.kernel(), high);
        a.remove("dilations");
        a.put("count_include_pad", p.countPadding() ? 1L : 0L);
        return List.of(wide("AveragePool", x, result, a));
    }
}
