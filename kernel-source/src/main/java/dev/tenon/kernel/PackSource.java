package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.TensorType;
import java.util.List;
import java.util.stream.Stream;

/// Elementwise kernels on GPUs whose operands are all contiguous, or single elements: an item loads and stores as many
/// neighbouring elements as the device takes at once.
final class PackSource {
    /// Fewer elements than this keep more of the device busy one by one.
    private static final long LEAST = 4096;

    private PackSource() {}

    /// The number of elements for each item.
    private static int width(Dialect dialect, List<Integer> read, List<TensorType> in, List<TensorType> out) {
        int bytes = Stream.concat(read.stream().map(in::get), out.stream()).mapToInt(t -> t.dtype().bytes()).max()
                .orElse(1);
        return Math.min(8, dialect.packBytes() / bytes);
    }

    /// Whether the operands allow it.
    static boolean suits(Dialect dialect, DeviceTraits traits, Space space, List<Integer> read, List<TensorType> in,
            List<TensorType> out) {
        if (dialect.packBytes() == 0 || traits.cpu() || space.rank() != 1 || space.elements() < LEAST) {
            return false;
        }
        for (int i = 0; i < space.strides().size(); i++) {
            long stride = space.strides().get(i)[0];
            if (stride != 1 && (stride != 0 || i >= read.size())) {
                return false;
            }
        }
        return Stream.concat(read.stream().map(in::get), out.stream()).allMatch(t -> dialect.packs(t.dtype()))
                && width(dialect, read, in, out) > 1;
    }

    static KernelPlan plan(Dialect dialect, DeviceTraits traits, Lambda body, Space space, List<Integer> read,
            List<TensorType> in, List<TensorType> out) {
        KernelWriter w = new KernelWriter(dialect, traits, "map_packed", space.wide());
        int width = width(dialect, read, in, out);
        int local = traits.group(space.elements());
        w.line("idx i0 = ((idx)GROUP * " + local + " + (idx)ITEM) * " + width + ";");
        w.line("if (i0 >= " + w.number("n", space.elements()) + ") {").line("return;").line("}");
        StringBuilder whole = new StringBuilder("i0 + " + width + " <= n");
        for (int r = 0; r < read.size(); r++) {
            DType dtype = in.get(read.get(r)).dtype();
            String x = w.input(read.get(r), dtype);
            if (space.strides().get(r)[0] == 1) {
                whole.append(" && IS_ALIGNED(").append(x).append(", ").append(width * dtype.bytes()).append(')');
                declare(w, dtype, "a" + read.get(r), width);
            }
        }
        for (int o = 0; o < out.size(); o++) {
            DType dtype = out.get(o).dtype();
            whole.append(" && IS_ALIGNED(").append(w.output(o, dtype)).append(", ").append(width * dtype.bytes())
                    .append(')');
            declare(w, dtype, "b" + o, width);
        }
        w.line("bool whole = " + whole + ";");
        w.line("int many = whole ? " + width + " : (int)(n - i0 < " + width + " ? n - i0 : " + width + ");");
        for (int r = 0; r < read.size(); r++) {
            if (space.strides().get(r)[0] == 1) {
                String type = Types.stored(in.get(read.get(r)).dtype());
                String x = "x" + read.get(r);
                String a = "a" + read.get(r);
                w.line("if (whole) {").line("LOAD_PACK(" + type + ", " + width + ", " + a + ", " + x + " + i0);");
                w.line("} else {").line("#pragma unroll").line("for (int l = 0; l < " + width + "; l++) {");
                w.line(a + "[l] = " + x + "[i0 + (l < many ? l : 0)];").line("}").line("}");
            }
        }
        w.line("#pragma unroll").line("for (int l = 0; l < " + width + "; l++) {").line("idx i = i0 + l;");
        LambdaWriter lambda = new LambdaWriter(w, body, "t", i -> {
            boolean single = space.strides().get(read.indexOf(i))[0] == 0;
            return Types.load(in.get(i).dtype(), (single ? "x" : "a") + i, single ? "0" : "l");
        }, axis -> "(i64)i");
        w.lines(lambda.statements());
        for (int o = 0; o < out.size(); o++) {
            w.line(Types.store(w, out.get(o).dtype(), "b" + o, "l", lambda.result(o)));
        }
        w.line("}");
        for (int o = 0; o < out.size(); o++) {
            String type = Types.stored(out.get(o).dtype());
            w.line("if (whole) {").line("STORE_PACK(" + type + ", " + width + ", y" + o + " + i0, b" + o + ");");
            w.line("} else {").line("#pragma unroll").line("for (int l = 0; l < " + width + "; l++) {");
            w.line("if (l < many) {").line("y" + o + "[i0 + l] = b" + o + "[l];").line("}").line("}").line("}");
        }
        long items = (space.elements() + width - 1) / width;
        return KernelPlan.of(w.finish((items + local - 1) / local, local));
    }

    private static void declare(KernelWriter w, DType dtype, String name, int width) {
        w.line("ALIGN(" + width * dtype.bytes() + ") " + Types.stored(dtype) + " " + name + "[" + width + "];");
    }
}
