package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// NVIDIA's library for neural networks, cuDNN, of version 9. `-Dtenon.cuda.cudnn` says when it is used: `auto` (the
/// default) where it should win, `true` for all that it can do, `false` never.
final class CudnnLibrary implements CudnnCalls {
    /// What `-Dtenon.cuda.cudnn` may say.
    enum Use { FALSE, AUTO, TRUE }

    private static final String SWITCH = "tenon.cuda.cudnn";
    private static final int MAJOR = 9;
    private static final int MESSAGE_BYTES = 1024;

    private final MethodHandle getVersion;
    private final MethodHandle getErrorString;
    private final MethodHandle getLastErrorString;
    private final MethodHandle create;
    private final MethodHandle destroy;
    private final MethodHandle setStream;
    private final MethodHandle createDescriptor;
    private final MethodHandle destroyDescriptor;
    private final MethodHandle setAttribute;
    private final MethodHandle getAttribute;
    private final MethodHandle finalizeDescriptor;
    private final MethodHandle execute;

    /// The library and where it was found, or why there is none.
    record Search(@Nullable CudnnLibrary library, String where, String reason) {}

    private static final class Holder {
        static final Search FOUND = search();

        private static Search search() {
            try {
                return use() == Use.FALSE ? new Search(null, "", "-D" + SWITCH + "=false")
                        : open(NativeLibrary.open("cudnn", MAJOR), v -> NativeLibrary.open("cublasLt", v));
            } catch (IllegalArgumentException e) {
                return new Search(null, "", String.valueOf(e.getMessage()));
            }
        }
    }

    /// When to use it.
    ///
    /// @throws IllegalArgumentException if the property says something else
    static Use use() {
        String s = System.getProperty(SWITCH, "auto");
        try {
            return Use.valueOf(s.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("-D" + SWITCH + "=" + s + ": expected auto, true or false", e);
        }
    }

    /// The library of this machine; loaded once, and not started.
    static Search find() {
        return Holder.FOUND;
    }

    /// @param cublasLt looks for cuBLASLt of a version
    static Search open(NativeLibrary.Search search, IntFunction<NativeLibrary.Search> cublasLt) {
        NativeLibrary library = search.library();
        if (library == null) {
            return new Search(null, "", search.reason());
        }
        try {
            CudnnLibrary c = new CudnnLibrary(library);
            long version = c.version();
            if (version / 10000 != MAJOR) {
                return new Search(null, "", library.where() + " is of version " + version(version) + ", and " + MAJOR
                        + " is needed");
            }
            // It loads cuBLASLt by its name when an operation is described, and ends the process where it finds none.
            int cuda = (int) ((long) NativeLibrary.call(
                    library.function("cudnnGetCudartVersion", FunctionDescriptor.of(JAVA_LONG))) / 1000);
            NativeLibrary.Search products = cublasLt.apply(cuda);
            return products.library() != null ? new Search(c, library.where(), "")
                    : new Search(null, "", library.where() + " needs cuBLASLt " + cuda + ": " + products.reason());
        } catch (UnsatisfiedLinkError e) {
            return new Search(null, "", String.valueOf(e.getMessage()));
        }
    }

    /// A version as people write it, such as `9.19.0`.
    static String version(long number) {
        return number / 10000 + "." + number / 100 % 100 + "." + number % 100;
    }

    private CudnnLibrary(NativeLibrary library) {
        this.getVersion = library.function("cudnnGetVersion", FunctionDescriptor.of(JAVA_LONG));
        this.getErrorString = library.function("cudnnGetErrorString", FunctionDescriptor.of(ADDRESS, JAVA_INT));
        this.getLastErrorString =
                library.function("cudnnGetLastErrorString", FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG));
        this.create = library.function("cudnnCreate", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        this.destroy = library.function("cudnnDestroy", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        this.setStream = library.function("cudnnSetStream", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
        this.createDescriptor =
                library.function("cudnnBackendCreateDescriptor", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
        this.destroyDescriptor =
                library.function("cudnnBackendDestroyDescriptor", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        this.setAttribute = library.function("cudnnBackendSetAttribute",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
        this.getAttribute = library.function("cudnnBackendGetAttribute",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));
        this.finalizeDescriptor =
                library.function("cudnnBackendFinalize", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        this.execute = library.function("cudnnBackendExecute",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    }

    @Override
    public long version() {
        return (long) NativeLibrary.call(getVersion);
    }

    // The library's own text, which ends with a zero.
    @SuppressWarnings("restricted")
    @Override
    public String errorString(int status) {
        MemorySegment text = (MemorySegment) NativeLibrary.call(getErrorString, status);
        return text.equals(MemorySegment.NULL) ? "status" : text.reinterpret(MESSAGE_BYTES).getString(0);
    }

    @Override
    public String lastError() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(MESSAGE_BYTES);
            NativeLibrary.call(getLastErrorString, text, text.byteSize() - 1);
            return text.getString(0).strip();
        }
    }

    @Override
    public int create(MemorySegment handle) {
        return (int) NativeLibrary.call(create, handle);
    }

    @Override
    public int destroy(long handle) {
        return (int) NativeLibrary.call(destroy, handle);
    }

    @Override
    public int setStream(long handle, long stream) {
        return (int) NativeLibrary.call(setStream, handle, stream);
    }

    @Override
    public int createDescriptor(int kind, MemorySegment descriptor) {
        return (int) NativeLibrary.call(createDescriptor, kind, descriptor);
    }

    @Override
    public int destroyDescriptor(long descriptor) {
        return (int) NativeLibrary.call(destroyDescriptor, descriptor);
    }

    @Override
    public int setAttribute(long descriptor, int name, int type, long count, MemorySegment values) {
        return (int) NativeLibrary.call(setAttribute, descriptor, name, type, count, values);
    }

    @Override
    public int getAttribute(long descriptor, int name, int type, long requested, MemorySegment count,
            MemorySegment values) {
        return (int) NativeLibrary.call(getAttribute, descriptor, name, type, requested, count, values);
    }

    @Override
    public int finish(long descriptor) {
        return (int) NativeLibrary.call(finalizeDescriptor, descriptor);
    }

    @Override
    public int execute(long handle, long plan, long variantPack) {
        try {
            return (int) execute.invokeExact(handle, plan, variantPack);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("native functions throw nothing checked", e);
        }
    }
}
