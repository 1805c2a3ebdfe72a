package dev.tenon.kernel;

import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;

/// Elementwise kernels: one work item for each element, all outputs at once.
final class MapSource {
    private MapSource() {}

    static KernelPlan plan(Dialect dialect, DeviceTraits traits, Lambda body, List<TensorType> in,
            List<TensorType> out) {
        Shape shape = out.getFirst().shape();
        if (shape.elements() == 0) {
            return KernelPlan.NOTHING;
        }
        List<Integer> read = new ArrayList<>();
        List<long[]> strides = new ArrayList<>();
        for (int i = 0; i < in.size(); i++) {
            if (body.reads(i)) {
                read.add(i);
                strides.add(in.get(i).broadcastStrides(shape));
            }
        }
        out.forEach(t -> strides.add(t.strides()));
        boolean positions = body.steps().stream().anyMatch(s -> s.expr() instanceof Expr.Index i && i.axis() >= 0);
        Space space = positions ? new Space(shape.toArray(), strides) : Space.merged(shape, strides);
        if (PackSource.suits(dialect, traits, space, read, in, out)) {
            return PackSource.plan(dialect, traits, body, space, read, in, out);
        }
        KernelWriter w = new KernelWriter(dialect, traits, "map", space.wide());

        int rank = space.rank();
        long inner = space.inner();
        int threshold = traits.cpu() ? 128 : 64;
        boolean rows = rank > 1 && inner >= threshold;
        int local;
        long groups;
        String flat;
        if (rows) {
            local = traits.rowGroup(inner);
            long chunks = (inner + local - 1) / local;
            groups = space.elements() / inner * chunks;
            String n = w.number("n", inner);
            String k = w.number("chunks", chunks);
            w.line("idx row = (idx)GROUP / " + k + ";");
            w.line("idx c" + (rank - 1) + " = (idx)GROUP % " + k + " * " + local + " + (idx)ITEM;");
            w.line("if (c" + (rank - 1) + " >= " + n + ") {").line("return;").line("}");
            w.lines(space.decode(w, "c", "row", rank - 1));
            flat = "row * " + n + " + c" + (rank - 1);
        } else {
            local = traits.group(space.elements());
            groups = (space.elements() + local - 1) / local;
            w.line("idx i = (idx)GROUP * " + local + " + (idx)ITEM;");
            w.line("if (i >= " + w.number("n", space.elements()) + ") {").line("return;").line("}");
            w.lines(space.decode(w, "c", "i", rank));
            flat = "i";
        }
        LambdaWriter lambda = new LambdaWriter(
                w,
                body,
                "t",
                i -> Types.load(
                        in.get(i).dtype(),
                        w.input(i, in.get(i).dtype()),
                        space.offset(w, "c", read.indexOf(i), 0, rank)),
                axis -> axis < 0 ? "(i64)(" + flat + ")" : "(i64)c" + axis);
        w.lines(lambda.statements());
        for (int o = 0; o < out.size(); o++) {
            String at = space.offset(w, "c", read.size() + o, 0, rank);
            String y = w.output(o, out.get(o).dtype());
            w.line(Types.store(w, out.get(o).dtype(), y, at, lambda.result(o)));
        }
        return KernelPlan.of(w.finish(groups, local));
    }
}
