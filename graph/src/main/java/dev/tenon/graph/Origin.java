package dev.tenon.graph;

import java.lang.StackWalker.StackFrame;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The line of a program from which an op was recorded.
///
/// @param caller the innermost line outside the tensor library: of a model, or of a layer such as `Linear.forward`
/// @param user the innermost line outside Tenon altogether, where that is another; null otherwise
public record Origin(@Nullable StackTraceElement caller, @Nullable StackTraceElement user) {
    /// No line: of nodes that no program recorded, such as those of an imported file.
    public static final Origin UNKNOWN = new Origin(null, null);

    private static final Set<String> CORE = Set.of("dev.tenon.api", "dev.tenon.api.op", "dev.tenon.api.linalg",
            "dev.tenon.autograd");
    private static final Set<String> LAYERS = Set.of("dev.tenon.nn", "dev.tenon.data", "dev.tenon.report",
            "dev.tenon.onnx");
    private static final StackWalker WALKER = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

    /// The line that this thread is at.
    public static Origin here() {
        return WALKER.walk(Origin::of);
    }

    private static Origin of(Stream<StackFrame> frames) {
        StackTraceElement caller = null;
        for (StackFrame f : (Iterable<StackFrame>) frames::iterator) {
            if (isCore(f)) {
                continue;
            }
            if (caller == null) {
                caller = f.toStackTraceElement();
            }
            if (LAYERS.stream().noneMatch(p -> f.getClassName().startsWith(p + "."))) {
                StackTraceElement user = f.toStackTraceElement();
                return new Origin(caller, user.equals(caller) ? null : user);
            }
        }
        return new Origin(caller, null);
    }

    /// Whether a frame is of the tensor library, of this package or of the JDK. Tests may lie in these packages too, so
    /// what counts for this one is where the class was loaded from.
    static boolean isCore(StackFrame f) {
        Class<?> c = f.getDeclaringClass();
        String pack = c.getPackageName();
        return CORE.contains(pack) || pack.startsWith("java.") || pack.startsWith("jdk.")
                || pack.startsWith("dev.tenon.graph")
                        && c.getProtectionDomain().equals(Origin.class.getProtectionDomain());
    }

    /// The line of the user's own program, or of the layer where that is all that is known.
    public String line() {
        StackTraceElement e = user != null ? user : caller;
        return e == null ? "an unknown line" : text(e);
    }

    private static String text(StackTraceElement e) {
        String type = e.getClassName().substring(e.getClassName().lastIndexOf('.') + 1);
        return type + "." + e.getMethodName() + "(" + e.getFileName() + ":" + e.getLineNumber() + ")";
    }

    @Override
    public String toString() {
        if (caller == null) {
            return "an unknown line";
        }
        return user == null ? text(caller) : text(caller) + " called from " + text(user);
    }
}
