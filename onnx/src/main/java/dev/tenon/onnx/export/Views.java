package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Views as operators that arrange elements anew.
final class Views {
    private final Block block;

    Views(Block block) {
        this.block = block;
    }

    Term write(ViewOp view, Term x, Shape result) {
        return switch (view) {
            case ViewOp.Reshape _ -> block.reshape(x, result);
            case ViewOp.Permute p -> block.transpose(x, p.axes());
            case ViewOp.Slice s -> block.slice(x, s.axis(), s.start(), s.length(), s.step());
            case ViewOp.Expand _ -> block.expand(x, result);
            case ViewOp.Diagonal d -> diagonal(d, x, result);
            case ViewOp.Window w -> window(w, x, result);
        };
    }

    /// Both axes in one, of which every position on the diagonal is taken.
    private Term diagonal(ViewOp.Diagonal d, Term x, Shape result) {
        long columns = x.shape().dim(d.axis2());
        List<Integer> order = new ArrayList<>(IntStream.range(0, x.rank())
                .filter(a -> a != d.axis1() && a != d.axis2()).boxed().toList());
        order.add(d.axis1());
        order.add(d.axis2());
        Shape others = result.slice(0, result.rank() - 1);
        Term flat = block.reshape(block.transpose(x, order),
                others.concat(Shape.of(x.shape().dim(d.axis1()) * columns)));
        long first = d.offset() >= 0 ? d.offset() : -d.offset() * columns;
        long[] at = new long[(int) result.dim(-1)];
        for (int i = 0; i < at.length; i++) {
            at[i] = first + i * (columns + 1);
        }
        return gather(flat, result.rank() - 1, block.model.longs(at), result);
    }

    private Term gather(Term x, int axis, Term index, Shape result) {
        return block.add("Gather", x.dtype(), result, List.of(x, index), Map.of("axis", (long) axis));
    }

    /// The positions of all windows are taken; those within a window then move to the end.
    private Term window(ViewOp.Window w, Term x, Shape result) {
        int windows = (int) result.dim(w.axis());
        int size = (int) w.size();
        long[] at = new long[windows * size];
        for (int i = 0; i < windows; i++) {
            for (int k = 0; k < size; k++) {
                at[i * size + k] = i * w.step() + k * w.dilation();
            }
        }
        Term index = block.model.integers(DType.I64, Shape.of(windows, size), at);
        Shape taken = x.shape().with(w.axis(), windows).inserted(w.axis() + 1, size);
        return block.move(gather(x, w.axis(), index, taken), w.axis() + 1, taken.rank() - 1);
    }

    /// A tensor with the part that a view would show replaced.
    Term replaced(ViewOp view, Term base, Term part) {
        return switch (view) {
            case ViewOp.Reshape _ -> block.reshape(part, base.shape());
            case ViewOp.Permute p -> block.transpose(part, p.inverse().axes());
            case ViewOp.Slice s when s.step() == 1 -> between(s, base, part);
            default -> scattered(view, base, part);
        };
    }

    private Term between(ViewOp.Slice s, Term base, Term part) {
        long end = s.start() + s.length();
        long extent = base.shape().dim(s.axis());
        List<Term> parts = new ArrayList<>();
        if (s.start() > 0) {
            parts.add(block.slice(base, s.axis(), 0, s.start(), 1));
        }
        if (s.length() > 0) {
            parts.add(part);
        }
        if (end < extent) {
            parts.add(block.slice(base, s.axis(), end, extent - end, 1));
        }
        return parts.isEmpty() ? base : parts.size() == 1 ? parts.getFirst() : block.concat(s.axis(), parts);
    }

    /// Element by element, at the numbers that the view's strides give.
    private Term scattered(ViewOp view, Term base, Term part) {
        ViewOp.Placement place = view.place(TensorType.of(base.dtype(), base.shape()));
        Shape shape = place.type().shape();
        long[] strides = place.type().strides();
        long[] at = new long[Math.toIntExact(shape.elements())];
        for (int i = 0; i < at.length; i++) {
            long rest = i;
            at[i] = place.offset();
            for (int a = shape.rank() - 1; a >= 0; a--) {
                at[i] += rest % shape.dim(a) * strides[a];
                rest /= shape.dim(a);
            }
        }
        if (at.length == 0) {
            return base;
        }
        Term flat = block.reshape(base, Shape.of(base.shape().elements()));
        Term out = block.add("ScatterElements", base.dtype(), flat.shape(), List.of(flat, block.model.longs(at),
                block.reshape(part, Shape.of(at.length))), Map.of("axis", 0L));
        return block.reshape(out, base.shape());
    }
}
