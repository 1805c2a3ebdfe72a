package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tenon.api.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// CUDA's run-time compiler, NVRTC, of version 11.2 or newer.
final class Nvrtc implements Compiler {
    private static final List<String> OPTIONS = List.of("--fmad=false", "--std=c++17");

    private final NativeLibrary library;
    private final MethodHandle createProgram;
    private final MethodHandle compileProgram;
    private final MethodHandle destroyProgram;
    private final MethodHandle getErrorString;
    private final String version;
    private final int[] architectures;

    /// The compiler, or why there is none.
    record Search(@Nullable Nvrtc compiler, String reason) {}

    /// The compiler of this machine; loaded once.
    static Search find() {
        return Holder.FOUND;
    }

    private static final class Holder {
        static final Search FOUND = open(NativeLibrary.open("nvrtc", 13, 12, 11));
    }

    private static Search open(NativeLibrary.Search search) {
        NativeLibrary library = search.library();
        if (library == null) {
            return new Search(null, search.reason());
        }
        try {
            return new Search(new Nvrtc(library), "");
        } catch (UnsatisfiedLinkError | BackendException e) {
            return new Search(null, "NVRTC: " + e.getMessage());
        }
    }

    private Nvrtc(NativeLibrary library) {
        this.library = library;
        this.createProgram = library.function("nvrtcCreateProgram",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS));
        this.compileProgram = library.function("nvrtcCompileProgram",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
        this.destroyProgram = library.function("nvrtcDestroyProgram", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        this.getErrorString = library.function("nvrtcGetErrorString", FunctionDescriptor.of(ADDRESS, JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment major = arena.allocate(JAVA_INT);
            MemorySegment minor = arena.allocate(JAVA_INT);
            check("nvrtcVersion", invoke("nvrtcVersion", major, minor));
            this.version = major.get(JAVA_INT, 0) + "." + minor.get(JAVA_INT, 0);
            MemorySegment count = arena.allocate(JAVA_INT);
            check("nvrtcGetNumSupportedArchs", invoke("nvrtcGetNumSupportedArchs", count));
            MemorySegment list = arena.allocate(JAVA_INT, Math.max(1, count.get(JAVA_INT, 0)));
            check("nvrtcGetSupportedArchs", invoke("nvrtcGetSupportedArchs", list));
            this.architectures = list.toArray(JAVA_INT);
            Arrays.sort(architectures);
        }
    }

    /// The version, such as `13.0`.
    String version() {
        return version;
    }

    /// Where the library was found.
    String where() {
        return library.where();
    }

    /// What to compile for.
    ///
    /// @param binary whether to machine code, else to PTX
    record Target(int architecture, boolean binary) {}

    /// The best that a compiler can do for a device: the device's own architecture, else an older one of the same
    /// generation, whose machine code it runs, else PTX.
    ///
    /// @param known the architectures that the compiler knows, in ascending order
    /// @throws BackendException if the compiler knows none that the device can run
    static Target target(int[] known, int capability) {
        int same = -1;
        int older = -1;
        for (int a : known) {
            if (a <= capability) {
                older = a;
                same = a / 10 == capability / 10 ? a : same;
            }
        }
        if (older < 0) {
            throw new BackendException("this version of NVRTC compiles for compute capability " + known[0] / 10 + "."
                    + known[0] % 10 + " and newer, the device has " + capability / 10 + "." + capability % 10
                    + ": install an older CUDA toolkit beside it and name it by -Dtenon.cuda.home");
        }
        return same >= 0 ? new Target(same, true) : new Target(older, false);
    }

    private static String option(Target t) {
        return "--gpu-architecture=" + (t.binary ? "sm_" : "compute_") + t.architecture;
    }

    @Override
    public String identity(int capability) {
        return "nvrtc " + version + " " + option(target(architectures, capability)) + " " + String.join(" ", OPTIONS);
    }

    @Override
    public byte[] compile(String source, int capability, String name) {
        Target target = target(architectures, capability);
        List<String> options = new ArrayList<>(OPTIONS);
        options.add(option(target));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            check("nvrtcCreateProgram", (int) call(createProgram, slot, arena.allocateFrom(source),
                    arena.allocateFrom("kernel.cu"), 0, MemorySegment.NULL, MemorySegment.NULL));
            MemorySegment program = slot.get(ADDRESS, 0);
            try {
                MemorySegment list = arena.allocate(MemoryLayout.sequenceLayout(options.size(), ADDRESS));
                for (int i = 0; i < options.size(); i++) {
                    list.setAtIndex(ADDRESS, i, arena.allocateFrom(options.get(i)));
                }
                int code = (int) call(compileProgram, program, options.size(), list);
                if (code != 0) {
                    throw new BackendException(name + ": a kernel does not compile: " + error(code) + " (NVRTC "
                            + version + ", " + option(target) + ")\n" + text(program, "ProgramLog", arena)
                            + "\nSource:\n" + source);
                }
                return bytes(program, target.binary ? "CUBIN" : "PTX", arena);
            } finally {
                check("nvrtcDestroyProgram", (int) call(destroyProgram, slot));
            }
        }
    }

    private String text(MemorySegment program, String what, Arena arena) {
        return new String(bytes(program, what, arena), StandardCharsets.UTF_8).replace("\0", "").strip();
    }

    private byte[] bytes(MemorySegment program, String what, Arena arena) {
        MemorySegment size = arena.allocate(JAVA_LONG);
        check("nvrtcGet" + what + "Size", invoke("nvrtcGet" + what + "Size", program, size));
        MemorySegment to = arena.allocate(Math.max(1, size.get(JAVA_LONG, 0)));
        check("nvrtcGet" + what, invoke("nvrtcGet" + what, program, to));
        return to.asSlice(0, size.get(JAVA_LONG, 0)).toArray(JAVA_BYTE);
    }

    /// Calls a function that takes pointers only.
    private int invoke(String function, MemorySegment... pointers) {
        ValueLayout[] types = new ValueLayout[pointers.length];
        Arrays.fill(types, ADDRESS);
        return (int) call(library.function(function, FunctionDescriptor.of(JAVA_INT, types)), (Object[]) pointers);
    }

    private static Object call(MethodHandle function, Object... arguments) {
        return NativeLibrary.call(function, arguments);
    }

    private void check(String call, int code) {
        if (code != 0) {
            throw new BackendException(call + ": " + error(code));
        }
    }

    // The text belongs to the library and ends with a zero.
    @SuppressWarnings("restricted")
    private String error(int code) {
        MemorySegment text = (MemorySegment) call(getErrorString, code);
        return text.reinterpret(Long.MAX_VALUE).getString(0) + " (" + code + ")";
    }
}
