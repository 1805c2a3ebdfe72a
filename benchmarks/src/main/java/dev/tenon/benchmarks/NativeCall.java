package dev.tenon.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// A function of a library of the system.
record NativeCall(String name, MethodHandle handle) {
    /// @param what the library, for messages
    /// @param libraries names under which it may be there, in order
    /// @param result the layout of what it returns, then those of its arguments
    /// @throws IllegalStateException if there is no such library, or it lacks the function
    // The layouts are those of the library's header.
    @SuppressWarnings("restricted")
    static NativeCall of(Arena arena, String what, String[] libraries, String function, ValueLayout result,
            MemoryLayout... arguments) {
        IllegalArgumentException last = null;
        for (String library : libraries) {
            try {
                MemorySegment at = SymbolLookup.libraryLookup(library, arena).find(function).orElseThrow(() ->
                    new IllegalStateException(what + ": " + library + " has no function " + function));
                return new NativeCall(function,
                    Linker.nativeLinker().downcallHandle(at, FunctionDescriptor.of(result, arguments)));
            } catch (IllegalArgumentException e) {
                last = e;
            }
        }
        throw new IllegalStateException(what + " is not installed: " + last, last);
    }

    Object call(Object... arguments) {
        try {
            return handle.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(name, e);
        }
    }
}
