package dev.tenon.backend.cpu.onednn;

import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/// A primitive of oneDNN for one thread: made once, run from any thread and from several at once.
final class Primitive {
    private static final Cleaner CLEANER = Cleaner.create();

    /// What has to be freed.
    private record Native(long description, long primitive) implements Runnable {
        @Override
        public void run() {
            Dnnl.freePrimitive(primitive);
            Dnnl.freeDescription(description);
        }
    }

    private final long primitive;
    private final int[] arguments;
    private final long[] layouts;
    private final long scratch;

    /// @param description is freed with this
    /// @param arguments what memories it takes
    /// @param layouts how they lie
    private Primitive(long description, int[] arguments, long[] layouts) {
        this.primitive = Dnnl.primitive(description);
        CLEANER.register(this, new Native(description, primitive));
        long pad = Dnnl.layoutOf(description, Dnnl.QUERY_SCRATCHPAD);
        scratch = Dnnl.bytes(pad);
        int n = arguments.length;
        this.arguments = java.util.Arrays.copyOf(arguments, n + 1);
        this.layouts = java.util.Arrays.copyOf(layouts, n + 1);
        this.arguments[n] = Dnnl.ARG_SCRATCHPAD;
        this.layouts[n] = pad;
    }

    /// As [#of(long, int[], int[])], for arguments whose layouts have no query of their own.
    static @Nullable Primitive of(long description, int... arguments) {
        if (!isFast(description)) {
            return null;
        }
        long[] layouts = new long[arguments.length];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] = Dnnl.layoutOfArgument(description, arguments[i]);
        }
        return new Primitive(description, arguments, layouts);
    }

    /// Whether there is an implementation other than the library's slow ones; the description is freed if not.
    private static boolean isFast(long description) {
        if (description == 0) {
            return false;
        }
        String implementation = Dnnl.implementation(description);
        boolean slow = implementation.startsWith("ref") || implementation.startsWith("gemm");
        if (slow) {
            Dnnl.freeDescription(description);
        }
        return !slow;
    }

    /// A primitive, or null where the library has none, or none that is fast.
    ///
    /// @param queries for each argument, by which query its layout is found
    static @Nullable Primitive of(long description, int[] arguments, int[] queries) {
        if (!isFast(description)) {
            return null;
        }
        long[] layouts = new long[queries.length];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] = Dnnl.layoutOf(description, queries[i]);
        }
        return new Primitive(description, arguments, layouts);
    }

    /// A copy from one layout to another.
    static Primitive copy(long from, long to) {
        long description = Dnnl.reorder(from, to);
        if (description == 0) {
            throw new IllegalStateException("oneDNN copies everything, but not this");
        }
        return new Primitive(description, new int[] {Dnnl.ARG_SRC, Dnnl.ARG_DST},
                new long[] {Dnnl.layoutOf(description, Dnnl.QUERY_SRC), Dnnl.layoutOf(description, Dnnl.QUERY_DST)});
    }

    /// How argument number `i` lies; lives as long as this.
    long layout(int i) {
        return layouts[i];
    }

    /// How many arguments it takes.
    int arguments() {
        return arguments.length - 1;
    }

    /// Runs with memories at these addresses, in the order of the arguments.
    void run(long... addresses) {
        long[] all = java.util.Arrays.copyOf(addresses, addresses.length + 1);
        all[addresses.length] = scratch == 0 ? 0 : Buffers.get().memory(Buffers.SCRATCH, scratch);
        Dnnl.execute(primitive, arguments, layouts, all);
    }
}
