package dev.tenon.docs;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.linalg.Linalg;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Writes docs/operators.md: every operator with PyTorch's name for it, the dtypes it takes and whether it has a
/// gradient. Operators are found by reflection; dtypes and gradients by running each on a small sample.
final class OperatorTable {
    private static final String HEAD = """
            # Operators

            Generated from the code by `OperatorTableTest`; do not edit. To write it anew:
            `mvn -pl integration-tests -am test -Dtest=OperatorTableTest -Dsurefire.failIfNoSpecifiedTests=false \
            -Dtenon.docs.write=true`.

            PyTorch's name is ours in snake_case, unless stated otherwise. A name in brackets is the form that works in
            place. *dtypes* are those of the first tensor operand (of the result, where there is none) that the
            reference backend accepts in a sample: *floating* is f64, f32, f16 and bf16, *integral* i64, i32, i16, i8
            and u8. *gradient* says whether a gradient reached an operand of the sample in f64.
            """;

    private final StringBuilder out = new StringBuilder(HEAD);
    private final List<String> faults = new ArrayList<>();

    private OperatorTable() {}

    private record Row(String name, String torch, String dtypes, boolean gradient) {}

    /// The page.
    ///
    /// @throws IllegalStateException if an operator accepts no sample, or refuses one with anything but a
    ///     TensorException
    static String text() {
        return new OperatorTable().all();
    }

    private String all() {
        Arrays.stream(Tensor.class.getInterfaces())
                .filter(c -> c.isSealed() && c.getPackage().equals(Tensor.class.getPackage()))
                .forEach(c -> section("Tensor: " + words(c), c));
        section("Creating and joining: `Tensors`", Tensors.class);
        section("Linear algebra: `Linalg`", Linalg.class);
        for (Class<?> c : functional()) {
            section("`nn.functional." + c.getSimpleName() + "`", c);
        }
        if (!faults.isEmpty()) {
            throw new IllegalStateException(String.join("\n", faults));
        }
        return out.toString();
    }

    private static String words(Class<?> c) {
        return c.getSimpleName().replace("Ops", "").replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT)
                .strip();
    }

    private static List<Class<?>> functional() {
        return new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.tenon.nn.functional").stream()
                .filter(c -> c.isTopLevelClass() && !c.isRecord() && !c.isEnum())
                .<Class<?>>map(JavaClass::reflect)
                .filter(c -> Modifier.isPublic(c.getModifiers()))
                .sorted(Comparator.comparing(Class::getSimpleName)).toList();
    }

    private void section(String title, Class<?> owner) {
        Map<String, List<Method>> byName = new TreeMap<>();
        for (Method m : owner.getDeclaredMethods()) {
            if (Modifier.isPublic(m.getModifiers()) && !m.isSynthetic() && gives(m.getReturnType())) {
                byName.computeIfAbsent(m.getName(), n -> new ArrayList<>()).add(m);
            }
        }
        out.append("\n## ").append(title).append("\n\n| name | PyTorch | dtypes | gradient |\n|---|---|---|---|\n");
        byName.forEach((name, methods) -> {
            if (name.endsWith("_") && byName.containsKey(name.substring(0, name.length() - 1))) {
                return;
            }
            Row r = row(owner, name, methods);
            out.append("| `").append(name).append('`')
                    .append(byName.containsKey(name + "_") ? " (`" + name + "_`)" : "")
                    .append(" | ").append(r.torch.isEmpty() ? "–" : "`" + r.torch + "`")
                    .append(" | ").append(r.dtypes)
                    .append(" | ").append(r.gradient ? "yes" : "–").append(" |\n");
        });
    }

    private static boolean gives(Class<?> type) {
        return type == Tensor.class || type == List.class || type == boolean.class || type.isRecord();
    }

    private Row row(Class<?> owner, String name, List<Method> methods) {
        Set<DType> accepted = EnumSet.noneOf(DType.class);
        boolean gradient = false;
        methods.sort(Comparator.comparing(Method::toString));
        String refusal = "";
        for (DType d : DType.values()) {
            for (OperatorSamples.Call call : OperatorSamples.of(owner, name, methods)) {
                // An operator without a gradient refuses operands that require one.
                for (boolean tracked : d == DType.F64 ? new boolean[] {true, false} : new boolean[] {false}) {
                    OperatorSamples.Maker in = new OperatorSamples.Maker(d, tracked);
                    try {
                        List<Tensor> results = tensors(call.run(in));
                        accepted.add(in.used || results.isEmpty() ? d : results.getFirst().dtype());
                        gradient |= in.gradientOf(results);
                    } catch (TensorException e) {
                        refusal = e.getMessage();
                    } catch (ReflectiveOperationException | RuntimeException e) {
                        Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
                        faults.add(owner.getSimpleName() + "." + name + " of " + d
                                + " fails with something other than a TensorException: " + cause);
                    }
                }
            }
        }
        if (accepted.isEmpty()) {
            faults.add(owner.getSimpleName() + "." + name + " accepts no sample (" + refusal
                    + "): give it one in OperatorSamples");
        }
        return new Row(name, TorchNames.of(owner.getSimpleName(), name), dtypes(accepted), gradient);
    }

    private static String dtypes(Set<DType> accepted) {
        if (accepted.size() == DType.values().length) {
            return "all";
        }
        List<String> parts = new ArrayList<>();
        Set<DType> rest = EnumSet.noneOf(DType.class);
        rest.addAll(accepted);
        Set<DType> floating = EnumSet.of(DType.F64, DType.F32, DType.F16, DType.BF16);
        Set<DType> integral = EnumSet.of(DType.I64, DType.I32, DType.I16, DType.I8, DType.U8);
        if (rest.containsAll(floating)) {
            parts.add("floating");
            rest.removeAll(floating);
        }
        if (rest.containsAll(integral)) {
            parts.add("integral");
            rest.removeAll(integral);
        }
        rest.forEach(d -> parts.add(d.toString()));
        return String.join(", ", parts);
    }

    private static List<Tensor> tensors(Object result) throws ReflectiveOperationException {
        if (result instanceof Tensor t) {
            return List.of(t);
        }
        List<Tensor> all = new ArrayList<>();
        if (result instanceof List<?> list) {
            for (Object o : list) {
                all.addAll(tensors(o));
            }
        } else if (result instanceof Record r) {
            for (RecordComponent c : r.getClass().getRecordComponents()) {
                Object part = c.getAccessor().invoke(r);
                if (part != null) {
                    all.addAll(tensors(part));
                }
            }
        }
        return all;
    }
}
