package dev.tenon.graph.draw;

import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.WindowGeometry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/// The attributes of ops in short words.
public final class OpFormat {
    private OpFormat() {}

    /// What the op's name and the types of its operands do not say; may be empty. Operands of expressions are called
    /// a, b, c and so on; in an epilogue `y` is the product.
    public static String attributes(Op op, List<TensorType> in) {
        return switch (op) {
            case Convolution c -> convolution(c, in);
            case FusedConvolution f -> convolution(f.convolution(), in) + "; " + epilogue(f.epilogue());
            case ConvolutionBackwardData c -> geometry(c.convolution().geometry(), c.convolution().groups());
            case ConvolutionBackwardWeight c -> geometry(c.convolution().geometry(), c.convolution().groups());
            case MaxPool p -> joined(times(p.kernel()), geometry(p.geometry(), 1));
            case AvgPool p -> joined(times(p.kernel()), geometry(p.geometry(), 1));
            case MapOp m -> in.isEmpty() || m.body().steps().size() > 3 || m.name().contains("+")
                    ? ExprFormat.of(m.body(), letters(0)) : "";
            case ReduceOp r -> joined("axes " + r.axes(), r.prologue().isIdentity(r.prologue().dtype()) ? ""
                    : "of " + ExprFormat.of(r.prologue(), letters(0)));
            case MatMulOp m -> m.epilogue().map(OpFormat::epilogue).orElse("");
            case CopyOp c -> joined(c.dtype().map(d -> "to " + d).orElse(""),
                    c.device().map(d -> "to " + d).orElse(""));
            case ViewOp.Permute p -> p.axes().toString();
            case ViewOp.Slice s -> "axis " + s.axis() + " from " + s.start()
                    + (s.step() == 1 ? "" : " by " + s.step());
            case ViewOp.Window w -> "axis " + w.axis() + ", " + w.size() + " by " + w.step();
            case ViewOp _ -> "";
            default -> record(op);
        };
    }

    private static IntFunction<String> letters(int from) {
        return i -> i - from < 26 ? String.valueOf((char) ('a' + i - from)) : "in" + i;
    }

    private static String epilogue(Lambda l) {
        IntFunction<String> letters = letters(1);
        return "then " + ExprFormat.of(l, i -> i == 0 ? "y" : letters.apply(i));
    }

    private static String convolution(Convolution c, List<TensorType> in) {
        List<Integer> kernel = new ArrayList<>();
        for (int i = 2; in.size() > 1 && i < in.get(1).rank(); i++) {
            kernel.add((int) in.get(1).shape().dim(i));
        }
        return joined(times(kernel), geometry(c.geometry(), c.groups()));
    }

    private static String geometry(WindowGeometry g, int groups) {
        List<String> parts = new ArrayList<>();
        add(parts, "stride", g.stride(), 1);
        add(parts, "padding", g.padLow(), 0);
        add(parts, "dilation", g.dilation(), 1);
        if (groups != 1) {
            parts.add("groups " + groups);
        }
        return String.join(", ", parts);
    }

    private static void add(List<String> parts, String what, List<Integer> values, int usual) {
        if (values.stream().anyMatch(v -> v != usual)) {
            boolean same = values.stream().distinct().count() == 1;
            parts.add(what + " " + (same ? values.getFirst().toString() : times(values)));
        }
    }

    private static String times(List<Integer> sizes) {
        return sizes.stream().map(Object::toString).collect(Collectors.joining(" x "));
    }

    private static String joined(String a, String b) {
        return a.isEmpty() ? b : b.isEmpty() ? a : a + ", " + b;
    }

    /// The components of a record as it prints itself.
    private static String record(Op op) {
        String s = op.toString();
        int open = s.indexOf('[');
        if (open < 0 || !s.endsWith("]")) {
            return "";
        }
        String inside = s.substring(open + 1, s.length() - 1);
        return inside.length() > 60 || inside.contains("[") || inside.contains("@") ? "" : inside.replace("=", " ");
    }
}
