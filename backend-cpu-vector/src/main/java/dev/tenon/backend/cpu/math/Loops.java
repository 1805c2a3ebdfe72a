package dev.tenon.backend.cpu.math;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;

/// Calls of loops that the compiler cannot inline. Its budget for inlining is that of the outermost method: one with
/// several of these loops would have vectors as objects in some of them. A handle out of an array is no constant to it,
/// so each loop is compiled by itself.
final class Loops {
    private static final MethodType UNARY =
            MethodType.methodType(void.class, long.class, long.class, int.class);
    private static final MethodType BINARY = MethodType.methodType(
            boolean.class, long.class, long.class, long.class, long.class, int.class);

    private Loops() {}

    /// Static methods `void name(long src, long dst, int n)`.
    static MethodHandle[] unary(MethodHandles.Lookup in, String... names) {
        return find(in, UNARY, names);
    }

    /// Static methods `boolean name(long x, long y, long z, long low, int n)`.
    static MethodHandle[] binary(MethodHandles.Lookup in, String... names) {
        return find(in, BINARY, names);
    }

    private static MethodHandle[] find(MethodHandles.Lookup in, MethodType type, String... names) {
        return Arrays.stream(names).map(name -> {
            try {
                return in.findStatic(in.lookupClass(), name, type);
            } catch (ReflectiveOperationException e) {
                throw new LinkageError("no loop " + name, e);
            }
        }).toArray(MethodHandle[]::new);
    }

    static void run(MethodHandle loop, long src, long dst, int n) {
        try {
            loop.invokeExact(src, dst, n);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a loop has no checked exceptions", e);
        }
    }

    static boolean run(MethodHandle loop, long x, long y, long z, long low, int n) {
        try {
            return (boolean) loop.invokeExact(x, y, z, low, n);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a loop has no checked exceptions", e);
        }
    }
}
