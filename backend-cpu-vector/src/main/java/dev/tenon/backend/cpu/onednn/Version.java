package dev.tenon.backend.cpu.onednn;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// What a library says of itself, before anything else is asked of it.
///
/// @param major 3 is what is known here
/// @param minor the second number
/// @param patch the third
/// @param runtime the kind of its threads
record Version(int major, int minor, int patch, int runtime) {
    private static final int SEQUENTIAL = 1;
    private static final int OMP = 2;

    /// @throws IllegalArgumentException if it is no oneDNN
    static Version of(SymbolLookup symbols) {
        MethodHandle f = function(symbols, "dnnl_version", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
        try {
            long p = (long) f.invokeExact();
            return new Version(Mem.getInt(p), Mem.getInt(p + 4), Mem.getInt(p + 8), Mem.getInt(p + 24));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// What keeps the library from being used, or nothing.
    String problem(SymbolLookup symbols) {
        if (major != 3) {
            return "version " + this + ", expected 3";
        }
        if (runtime == OMP) {
            threads(symbols);
        }
        return runtime == OMP || runtime == SEQUENTIAL ? ""
                : "built with threads of kind " + runtime + ", expected OpenMP or none";
    }

    /// Where the library's OpenMP functions are.
    @SuppressWarnings("restricted")
    static SymbolLookup threads(SymbolLookup symbols) {
        return symbols.find("omp_set_num_threads").isPresent() ? symbols
                : SymbolLookup.libraryLookup("libgomp.so.1", Arena.global());
    }

    @SuppressWarnings("restricted")
    static MethodHandle function(SymbolLookup symbols, String name, FunctionDescriptor type) {
        MemorySegment f = symbols.find(name)
                .orElseThrow(() -> new IllegalArgumentException("there is no function " + name));
        return Linker.nativeLinker().downcallHandle(f, type);
    }

    @Override
    public String toString() {
        return major + "." + minor + "." + patch;
    }
}
