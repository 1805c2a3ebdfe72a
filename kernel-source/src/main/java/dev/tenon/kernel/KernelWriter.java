package dev.tenon.kernel;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Gathers the parameters, helper functions and body of one kernel.
final class KernelWriter {
    private final Dialect dialect;
    private final DeviceTraits traits;
    private final String entry;
    private final boolean wide;
    private final List<String> declarations = new ArrayList<>();
    private final List<String> signature = new ArrayList<>();
    private final List<String> fetches = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final List<Arg> args = new ArrayList<>();
    private final List<String> pointers = new ArrayList<>();
    private final Map<String, String> known = new LinkedHashMap<>();
    private final Set<String> helpers = new LinkedHashSet<>();
    private final StringBuilder helperText = new StringBuilder();
    private final List<Function> functions = new ArrayList<>();
    private final StringBuilder body = new StringBuilder();
    private int indent = 1;

    private record Function(
            String type, String value, String name, List<String> variables, List<String> statements) {}

    /// @param wide whether positions take 64 bits
    KernelWriter(Dialect dialect, DeviceTraits traits, String entry, boolean wide) {
        this.dialect = dialect;
        this.traits = traits;
        this.entry = entry;
        this.wide = wide;
    }

    DeviceTraits traits() {
        return traits;
    }

    /// A parameter for an operand's memory.
    String input(int i, DType dtype) {
        return pointer("x" + i, "const " + Types.stored(dtype), new Arg.Input(i, dtype.bytes()));
    }

    /// A parameter for a result's memory.
    String output(int i, DType dtype) {
        return pointer("y" + i, Types.stored(dtype), new Arg.Output(i, dtype.bytes()));
    }

    /// A parameter for scratch memory that holds values of a kind.
    String workspace(String name, Kind kind, long byteOffset) {
        return pointer(name, Types.of(kind), new Arg.Workspace(byteOffset, Types.bytes(kind)));
    }


    private String pointer(String name, String type, Arg arg) {
        if (type.endsWith("f64")) {
            check(Kind.F64, entry);
        }
        if (known.putIfAbsent(name, name) == null) {
            declare("GLOBAL " + type + "* " + name);
            declare("i64 o_" + name);
            names.add(name);
            names.add("o_" + name);
            pointers.add(name);
            args.add(arg);
        }
        return name;
    }

    private void declare(String parameter) {
        declarations.add(parameter);
        signature.add(parameter);
    }

    /// A parameter for a position, extent or stride, the same for equal names.
    String number(String name, long value) {
        if (known.putIfAbsent(name, name) == null) {
            declare("idx " + name);
            names.add(name);
            args.add(new Arg.Number(wide, value));
        }
        return name;
    }

    /// A parameter for one of the run's numbers.
    String param(int slot, Kind kind) {
        String name = "p" + slot + "_" + Types.of(kind);
        if (known.putIfAbsent(name, name) == null) {
            declarations.add(Types.of(kind) + " " + name);
            signature.add("PARAM(" + Types.of(kind) + ", " + name + ")");
            fetches.add("PARAM_VALUE(" + Types.of(kind) + ", " + name + ")");
            names.add(name);
            args.add(new Arg.Param(kind, slot));
        }
        return name;
    }

    /// A call of a helper function; its text comes in before its first use.
    String call(String helper, String... arguments) {
        require(helper);
        return helper + "(" + String.join(", ", arguments) + ")";
    }

    private void require(String helper) {
        if (helpers.add(helper)) {
            Helpers.Text text = Helpers.text(helper, traits);
            text.needs().forEach(this::require);
            helperText.append(text.source());
        }
    }

    /// Fails where the device has no doubles.
    void check(Kind kind, String what) {
        if (kind == Kind.F64 && !traits.doubles()) {
            throw new BackendException(what + ": this device does not compute in double precision (f64): use f32,"
                    + " or run this part on another device such as cpu");
        }
    }

    /// A function that sees the kernel's parameters, called like any other.
    ///
    /// @param type the type of its value, or `void`
    /// @param variables the names of its own parameters; those named `v` are values of that type, others positions
    void function(String type, String value, String name, List<String> variables, List<String> statements) {
        functions.add(new Function(type, value, name, List.copyOf(variables), List.copyOf(statements)));
    }

    private String functionText(Function f) {
        String own = f.variables.stream().map(v -> (v.equals("v") ? f.value + " " : "idx ") + v)
                .collect(Collectors.joining(", "));
        StringBuilder s = new StringBuilder("DEVICE " + f.type + " " + f.name + "_("
                + String.join(", ", declarations) + ", " + own + ") {\n");
        f.statements.forEach(l -> s.append("    ").append(l).append('\n'));
        String list = String.join(", ", f.variables);
        return s.append("}\n#define ").append(f.name).append('(').append(list).append(") ").append(f.name)
                .append("_(").append(String.join(", ", names)).append(", ")
                .append(f.variables.stream().map(v -> "(" + v + ")").collect(Collectors.joining(", ")))
                .append(")\n").toString();
    }

    KernelWriter line(String text) {
        if (text.isEmpty()) {
            return this;
        }
        if (text.startsWith("}")) {
            indent--;
        }
        body.append("    ".repeat(Math.max(0, indent))).append(text).append('\n');
        if (text.endsWith("{")) {
            indent++;
        }
        return this;
    }

    KernelWriter lines(List<String> all) {
        all.forEach(this::line);
        return this;
    }

    /// The kernel.
    GeneratedKernel finish(long groups, int local) {
        StringBuilder s = new StringBuilder(dialect.prelude(traits));
        s.append(wide ? "typedef i64 idx;\n" : "typedef i32 idx;\n").append(helperText);
        functions.forEach(f -> s.append(functionText(f)));
        s.append("KERNEL(").append(local).append(") void ").append(entry).append('(')
                .append(String.join(", ", signature)).append(") {\n");
        fetches.forEach(f -> s.append("    ").append(f).append('\n'));
        for (String p : pointers) {
            s.append("    ").append(p).append(" += o_").append(p).append(";\n");
        }
        s.append(body).append("}\n");
        return new GeneratedKernel(s.toString(), entry, args, groups, local);
    }
}
