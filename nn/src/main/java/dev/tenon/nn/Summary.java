package dev.tenon.nn;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// What a network consists of and what one forward pass takes, found by running it once in evaluation mode and without
/// gradients. As text it is a table like that of Keras:
///
/// ```java
/// System.out.println(Summary.of(model, 1, 3, 32, 32));
/// ```
///
/// @param model the kind of the network
/// @param input the shape of the input
/// @param rows the network and all modules in it, each before those inside it
/// @param totals their sums
public record Summary(String model, Shape input, List<Row> rows, Totals totals) {
    /// A module.
    ///
    /// @param depth how deep inside the network it is; 0 for the network itself
    /// @param name its name in the module around it; empty for the network
    /// @param kind its class
    /// @param outputs the shapes that it gave in its last call; empty if it was not called
    /// @param calls how often it was called
    /// @param parameters elements of parameters of its own, without those of modules inside it and without those that
    ///     a row above has counted
    /// @param trainable how many of them require gradients
    /// @param multiplyAdds what its own products took, all calls together
    /// @param repeated whether the same module has a row above
    public record Row(int depth, String name, String kind, List<Shape> outputs, int calls, long parameters,
            long trainable, long multiplyAdds, boolean repeated) {}

    /// Sums over the network, shared parts counted once.
    ///
    /// @param parameters elements of parameters
    /// @param trainable how many of them require gradients
    /// @param buffers elements of buffers
    /// @param multiplyAdds multiplications with an addition in matrix products and convolutions
    /// @param inputBytes memory of the input
    /// @param activationBytes memory of what the innermost modules gave
    /// @param parameterBytes memory of parameters and buffers
    public record Totals(long parameters, long trainable, long buffers, long multiplyAdds, long inputBytes,
            long activationBytes, long parameterBytes) {
        /// Parameters that require no gradient.
        public long frozen() {
            return parameters - trainable;
        }
    }

    /// Copies the rows.
    public Summary {
        rows = List.copyOf(rows);
    }

    /// The summary for an input of the given shape, its batch included: zeros of the dtype and on the device of the
    /// network's first floating-point parameter.
    public static Summary of(Module model, long... inputShape) {
        List<Parameter> p = model.parameters();
        DType dtype = p.isEmpty() ? DType.F32 : p.getFirst().dtype();
        Device device = p.isEmpty() ? Device.getDefault() : p.getFirst().device();
        try (Scope _ = Scope.open()) {
            return of(model, Tensors.zeros(Shape.of(inputShape), dtype, device));
        }
    }

    /// The summary for an input, such as symbols for an embedding.
    public static Summary of(Module model, Tensor input) {
        return of(model, input, model::call);
    }

    /// The summary for an input, for networks that are called in another way than with one tensor.
    ///
    /// @param run calls the network
    public static Summary of(Module model, Tensor input, Consumer<Tensor> run) {
        Map<Module, Seen> seen = new IdentityHashMap<>();
        List<Runnable> undo = new ArrayList<>();
        for (Module m : model.modules()) {
            boolean training = m.isTraining();
            undo.add(() -> m.setTraining(training));
            undo.add(m.registerForwardHook((module, in, out) -> {
                seen.computeIfAbsent(module, _ -> new Seen()).add(module, seen.keySet(), in, out);
                return out;
            }));
        }
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            model.eval();
            run.accept(input);
        } finally {
            undo.forEach(Runnable::run);
        }
        List<Row> rows = new ArrayList<>();
        walk(model, "", 0, seen, rows, identitySet(), identitySet());
        return new Summary(model.kind(), input.shape(), rows, totals(model, input, seen));
    }

    /// What was seen of a module in its calls.
    private static final class Seen {
        private List<Shape> outputs = List.of();
        private int calls;
        private long multiplyAdds;
        private long bytes;

        void add(Module m, Set<Module> called, List<Tensor> in, List<Tensor> out) {
            outputs = out.stream().map(Tensor::shape).toList();
            calls++;
            multiplyAdds += m.multiplyAdds(in, out);
            // Where modules inside were called, their outputs count.
            if (m.children().stream().noneMatch(called::contains)) {
                bytes += out.stream().mapToLong(Summary::bytes).sum();
            }
        }
    }

    private static long bytes(Tensor t) {
        return t.elements() * t.dtype().bytes();
    }

    private static <T> Set<T> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    private static void walk(Module m, String name, int depth, Map<Module, Seen> seen, List<Row> rows,
            Set<Module> modules, Set<Parameter> counted) {
        if (!modules.add(m)) {
            rows.add(new Row(depth, name, m.kind(), List.of(), 0, 0, 0, 0, true));
            return;
        }
        List<Parameter> own = m.ownParameters().stream().filter(counted::add).toList();
        Seen s = seen.getOrDefault(m, new Seen());
        rows.add(new Row(depth, name, m.kind(), s.outputs, s.calls, elements(own),
                elements(own.stream().filter(Parameter::requiresGrad).toList()), s.multiplyAdds, false));
        m.namedChildren().forEach((n, child) -> walk(child, n, depth + 1, seen, rows, modules, counted));
    }

    private static long elements(List<? extends Slot> slots) {
        return slots.stream().mapToLong(Slot::elements).sum();
    }

    private static Totals totals(Module model, Tensor input, Map<Module, Seen> seen) {
        List<Parameter> parameters = model.parameters();
        List<Buffer> buffers = model.buffers();
        long memory = parameters.stream().mapToLong(p -> bytes(p.get())).sum()
                + buffers.stream().mapToLong(b -> bytes(b.get())).sum();
        return new Totals(elements(parameters), elements(parameters.stream().filter(Parameter::requiresGrad).toList()),
                elements(buffers), seen.values().stream().mapToLong(s -> s.multiplyAdds).sum(), bytes(input),
                seen.values().stream().mapToLong(s -> s.bytes).sum(), memory);
    }

    // --- text

    /// The table.
    @Override
    public String toString() {
        List<List<String>> cells = new ArrayList<>();
        cells.add(List.of("Layer (type)", "Output shape", "Param #", "Trainable", "Mult-adds"));
        for (Row r : rows) {
            cells.add(List.of(title(r), shapes(r), r.parameters == 0 ? "-" : number(r.parameters),
                    r.parameters == 0 ? "-" : r.trainable == r.parameters ? "yes" : r.trainable == 0 ? "no" : "partly",
                    r.multiplyAdds == 0 ? "-" : number(r.multiplyAdds)));
        }
        int[] widths = new int[5];
        for (List<String> row : cells) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        int width = 8;
        for (int w : widths) {
            width += w;
        }
        StringBuilder s = new StringBuilder("Model: ").append(model).append(", input ").append(input).append('\n');
        s.append("_".repeat(width)).append('\n');
        for (int i = 0; i < cells.size(); i++) {
            s.append(line(cells.get(i), widths)).append('\n');
            if (i == 0) {
                s.append("=".repeat(width)).append('\n');
            }
        }
        s.append("=".repeat(width)).append('\n');
        s.append("Total params: ").append(number(totals.parameters)).append('\n');
        s.append("Trainable params: ").append(number(totals.trainable)).append('\n');
        s.append("Non-trainable params: ").append(number(totals.frozen())).append('\n');
        if (totals.buffers > 0) {
            s.append("Buffer elements: ").append(number(totals.buffers)).append('\n');
        }
        s.append("Mult-adds: ").append(number(totals.multiplyAdds)).append('\n');
        s.append("Input size: ").append(size(totals.inputBytes)).append('\n');
        s.append("Activations size: ").append(size(totals.activationBytes)).append('\n');
        s.append("Params size: ").append(size(totals.parameterBytes)).append('\n');
        return s.append("_".repeat(width)).toString();
    }

    private static String title(Row r) {
        String indent = "  ".repeat(r.depth);
        return indent + (r.name.isEmpty() ? r.kind : r.name + " (" + r.kind + ")");
    }

    private static String shapes(Row r) {
        if (r.repeated) {
            return "(as above)";
        }
        String s = r.outputs.isEmpty() ? "-"
                : r.outputs.stream().map(Shape::toString).collect(Collectors.joining(", "));
        return r.calls > 1 ? s + " x" + r.calls : s;
    }

    private static String line(List<String> cells, int[] widths) {
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String padding = " ".repeat(widths[i] - cells.get(i).length());
            s.append(i == 0 ? "" : "  ").append(i == 2 || i == 4 ? padding + cells.get(i) : cells.get(i) + padding);
        }
        return s.toString().stripTrailing();
    }

    private static String number(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    private static String size(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        return bytes < 1024 * 1024 ? String.format(Locale.ROOT, "%.2f KiB", bytes / 1024.0)
                : String.format(Locale.ROOT, "%.2f MiB", bytes / (1024.0 * 1024));
    }
}
