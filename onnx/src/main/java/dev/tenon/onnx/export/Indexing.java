package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.ViewOp;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.List;
import java.util.Map;

/// Picking and writing elements by index.
final class Indexing {
    private final Block block;
    private final Exporter exporter;

    Indexing(Block block, Exporter exporter) {
        this.block = block;
        this.exporter = exporter;
    }

    Term gather(Node n, GatherOp g, List<Term> in) {
        Term x = in.get(0);
        Shape result = n.output().type().shape();
        // An index that was broadcast over all other axes picks whole rows, as from a table of vectors.
        if (n.input(1) instanceof Value.Result r && r.node().op() instanceof ViewOp.Expand) {
            Term rows = exporter.term(r.node().input(0));
            long count = result.dim(g.axis());
            if (rows.shape().elements() == count && x.shape().with(g.axis(), count).equals(result)) {
                return block.add("Gather", x.dtype(), result, List.of(x, block.reshape(rows, Shape.of(count))),
                        Map.of("axis", (long) g.axis()));
            }
        }
        return block.add("GatherElements", x.dtype(), result, in, Map.of("axis", (long) g.axis()));
    }

    Term scatter(ScatterOp s, List<Term> in) {
        Term x = in.get(0);
        Term index = in.get(1);
        Term source = in.get(2);
        if (index.shape().elements() == 0) {
            return x;
        }
        for (int a = 0; a < index.rank(); a++) {
            source = block.slice(source, a, 0, index.shape().dim(a), 1);
        }
        DType dtype = x.dtype();
        if (s.mode() == ScatterOp.Mode.SET) {
            return block.add("ScatterElements", dtype, x.shape(), List.of(x, index, source),
                    Map.of("axis", (long) s.axis()));
        }
        DType work = dtype.kind().dtype() == DType.BOOL ? DType.I32 : dtype.kind().dtype();
        String reduction = switch (s.mode()) {
            case ADD -> "add";
            case MUL -> "mul";
            case MAX -> "max";
            default -> "min";
        };
        Term out = block.add("ScatterElements", work, x.shape(),
                List.of(block.cast(x, work), index, block.cast(source, work)),
                Map.of("axis", (long) s.axis(), "reduction", reduction));
        return block.cast(out, dtype);
    }
}
