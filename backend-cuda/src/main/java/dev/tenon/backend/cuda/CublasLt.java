package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tenon.api.DType;
import dev.tenon.backend.cuda.MatMulForm.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Cleaner;
import java.util.List;
import java.util.Optional;

/// NVIDIA's library for matrix products, cuBLASLt, of version 11 or newer; `-Dtenon.cuda.cublaslt=false` does without.
///
/// Policies are PyTorch's: products of `F32` are computed in full precision unless `-Dtenon.cuda.tf32=true` allows the
/// tensor cores' TF32; 16-bit operands are accumulated in `F32`.
final class CublasLt implements Product.Library {
    /// Numbers of the library's interface, by the names they have there.
    private static final int COMPUTE_32F = 68;
    private static final int COMPUTE_64F = 70;
    private static final int COMPUTE_32F_FAST_TF32 = 77;
    private static final int DESC_TRANSA = 3;
    private static final int DESC_TRANSB = 4;
    private static final int DESC_EPILOGUE = 7;
    private static final int DESC_BIAS_POINTER = 8;
    private static final int LAYOUT_BATCH_COUNT = 5;
    private static final int LAYOUT_STRIDED_BATCH_OFFSET = 6;
    private static final int PREF_MAX_WORKSPACE_BYTES = 1;
    private static final int PREF_MIN_ALIGNMENT_A_BYTES = 5;
    private static final int RESULT_BYTES = 96;
    private static final int ALGO_BYTES = 64;
    private static final long WORKSPACE = 32L << 20;
    private static final Cleaner CLEANER = Cleaner.create();

    private static final boolean ON =
            Boolean.parseBoolean(System.getProperty("tenon.cuda.cublaslt", "true"));

    private final NativeLibrary library;
    private final MethodHandle matmul;
    private final MethodHandle setDesc;
    private final MemorySegment handle;

    private static final class Holder {
        static final NativeLibrary.Search FOUND = ON ? NativeLibrary.open("cublasLt", 13, 12, 11)
                : new NativeLibrary.Search(null, "-Dtenon.cuda.cublaslt=false");
    }

    /// The library of this machine; loaded once.
    static NativeLibrary.Search find() {
        return Holder.FOUND;
    }

    /// Starts the library on the current context's device.
    ///
    /// @throws DriverException if it does not start
    /// @throws UnsatisfiedLinkError if it lacks a function
    CublasLt(NativeLibrary library) {
        this.library = library;
        this.matmul = library.function("cublasLtMatmul", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS,
                JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS,
                JAVA_LONG, JAVA_LONG, JAVA_LONG));
        this.setDesc = library.function("cublasLtMatmulDescSetAttribute",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            check("cublasLtCreate", (int) NativeLibrary.call(
                    library.function("cublasLtCreate", FunctionDescriptor.of(JAVA_INT, ADDRESS)), slot));
            this.handle = slot.get(ADDRESS, 0);
        }
    }

    private static void check(String call, int status) {
        if (status != 0) {
            throw new DriverException(call + ": " + switch (status) {
                case 1 -> "CUBLAS_STATUS_NOT_INITIALIZED";
                case 3 -> "CUBLAS_STATUS_ALLOC_FAILED";
                case 7 -> "CUBLAS_STATUS_INVALID_VALUE";
                case 8 -> "CUBLAS_STATUS_ARCH_MISMATCH";
                case 13 -> "CUBLAS_STATUS_EXECUTION_FAILED";
                case 14 -> "CUBLAS_STATUS_INTERNAL_ERROR";
                case 15 -> "CUBLAS_STATUS_NOT_SUPPORTED";
                default -> "status";
            } + " (" + status + ")");
        }
    }

    private static int type(DType dtype) {
        return switch (dtype) {
            case F32 -> 0;
            case F64 -> 1;
            case F16 -> 2;
            case BF16 -> 14;
            default -> throw new IllegalArgumentException("cuBLASLt multiplies no " + dtype);
        };
    }

    @Override
    public Optional<Product> plan(MatMulForm form, int alignment) {
        Descriptors d = new Descriptors(library, form);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            check("cublasLtMatmulPreferenceCreate", d.call("cublasLtMatmulPreferenceCreate", slot));
            MemorySegment preference = slot.get(ADDRESS, 0);
            MethodHandle set = library.function("cublasLtMatmulPreferenceSetAttribute",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG));
            d.set(set, preference, PREF_MAX_WORKSPACE_BYTES, arena.allocateFrom(JAVA_LONG, WORKSPACE));
            for (int i = 0; i < 4; i++) {
                d.set(set, preference, PREF_MIN_ALIGNMENT_A_BYTES + i, arena.allocateFrom(JAVA_INT, alignment));
            }
            if (form.epilogue().hasBias()) {
                // Asked for its alignment only.
                d.set(setDesc, d.desc, DESC_BIAS_POINTER, arena.allocateFrom(JAVA_LONG, alignment));
            }
            MemorySegment result = arena.allocate(RESULT_BYTES, 8);
            MemorySegment count = arena.allocate(JAVA_INT);
            int status = (int) NativeLibrary.call(library.function("cublasLtMatmulAlgoGetHeuristic",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                            JAVA_INT, ADDRESS, ADDRESS)), handle, d.desc, d.a, d.b, d.c, d.c, preference, 1, result,
                    count);
            check("cublasLtMatmulPreferenceDestroy", d.call("cublasLtMatmulPreferenceDestroy", preference));
            boolean found = status == 0 && count.get(JAVA_INT, 0) > 0 && result.get(JAVA_INT, ALGO_BYTES + 8) == 0;
            if (!found) {
                return Optional.empty();
            }
            return Optional.of(new Plan(this, d, result.asSlice(0, ALGO_BYTES), result.get(JAVA_LONG, ALGO_BYTES)));
        }
    }

    /// What the library is told of a product.
    static final class Descriptors {
        private final NativeLibrary library;
        private final Arena arena = Arena.ofAuto();
        final MemorySegment desc;
        final MemorySegment a;
        final MemorySegment b;
        final MemorySegment c;
        final MemorySegment one;
        final MemorySegment zero;

        Descriptors(NativeLibrary library, MatMulForm form) {
            this.library = library;
            boolean doubles = form.dtype() == DType.F64;
            int compute = doubles ? COMPUTE_64F
                    : DeviceFacts.TF32 && form.dtype() == DType.F32 ? COMPUTE_32F_FAST_TF32 : COMPUTE_32F;
            MemorySegment slot = arena.allocate(ADDRESS);
            check("cublasLtMatmulDescCreate", (int) NativeLibrary.call(
                    library.function("cublasLtMatmulDescCreate",
                            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT)),
                    slot, compute, type(doubles ? DType.F64 : DType.F32)));
            this.desc = slot.get(ADDRESS, 0);
            MethodHandle set = library.function("cublasLtMatmulDescSetAttribute",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG));
            set(set, desc, DESC_TRANSA, arena.allocateFrom(JAVA_INT, form.right().transposed() ? 1 : 0));
            set(set, desc, DESC_TRANSB, arena.allocateFrom(JAVA_INT, form.left().transposed() ? 1 : 0));
            set(set, desc, DESC_EPILOGUE, arena.allocateFrom(JAVA_INT, form.epilogue().code()));
            this.a = layout(form.dtype(), form.n(), form.k(), form.right(), form.batch());
            this.b = layout(form.dtype(), form.k(), form.m(), form.left(), form.batch());
            this.c = layout(form.result(), form.n(), form.m(), new Matrix(false, form.n(), form.m() * form.n()),
                    form.batch());
            this.one = doubles ? arena.allocateFrom(JAVA_DOUBLE, 1) : arena.allocateFrom(JAVA_FLOAT, 1);
            this.zero = arena.allocate(8, 8);
            List<MemorySegment> layouts = List.of(a, b, c);
            MemorySegment description = desc;
            CLEANER.register(this, () -> {
                layouts.forEach(l -> destroy(library, "cublasLtMatrixLayoutDestroy", l));
                destroy(library, "cublasLtMatmulDescDestroy", description);
            });
        }

        private static void destroy(NativeLibrary library, String function, MemorySegment what) {
            NativeLibrary.call(library.function(function, FunctionDescriptor.of(JAVA_INT, ADDRESS)), what);
        }

        /// A matrix of so many rows and columns after its transposition, if there is one.
        private MemorySegment layout(DType dtype, long rows, long columns, Matrix m, long batch) {
            MemorySegment slot = arena.allocate(ADDRESS);
            check("cublasLtMatrixLayoutCreate", (int) NativeLibrary.call(
                    library.function("cublasLtMatrixLayoutCreate",
                            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG)),
                    slot, type(dtype), m.transposed() ? columns : rows, m.transposed() ? rows : columns, m.lead()));
            MemorySegment layout = slot.get(ADDRESS, 0);
            MethodHandle set = library.function("cublasLtMatrixLayoutSetAttribute",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG));
            set(set, layout, LAYOUT_BATCH_COUNT, arena.allocateFrom(JAVA_INT, (int) batch));
            set(set, layout, LAYOUT_STRIDED_BATCH_OFFSET, arena.allocateFrom(JAVA_LONG, m.batchStride()));
            return layout;
        }

        private void set(MethodHandle function, MemorySegment of, int attribute, MemorySegment value) {
            check("setting attribute " + attribute,
                    (int) NativeLibrary.call(function, of, attribute, value, value.byteSize()));
        }

        private int call(String function, MemorySegment pointer) {
            return (int) NativeLibrary.call(
                    library.function(function, FunctionDescriptor.of(JAVA_INT, ADDRESS)), pointer);
        }
    }

    /// A product, ready to be launched.
    private static final class Plan implements Product {
        private final CublasLt lt;
        private final Descriptors descriptors;
        private final MemorySegment algorithm;
        private final MemorySegment bias;
        private final long workspaceBytes;

        private Plan(CublasLt lt, Descriptors descriptors, MemorySegment algorithm, long workspaceBytes) {
            this.lt = lt;
            this.descriptors = descriptors;
            Arena arena = Arena.ofAuto();
            this.algorithm = arena.allocate(MemoryLayout.sequenceLayout(ALGO_BYTES / 8, ValueLayout.JAVA_LONG))
                    .copyFrom(algorithm);
            this.bias = arena.allocate(JAVA_LONG);
            this.workspaceBytes = workspaceBytes;
        }

        @Override
        public long workspaceBytes() {
            return workspaceBytes;
        }

        @Override
        public synchronized void run(long stream, long left, long right, long biasAddress, long result,
                long workspace) {
            Descriptors d = descriptors;
            int status;
            try {
                if (biasAddress != 0) {
                    bias.set(JAVA_LONG, 0, biasAddress);
                    check("setting the bias",
                            (int) lt.setDesc.invokeExact(d.desc, DESC_BIAS_POINTER, bias, bias.byteSize()));
                }
                status = (int) lt.matmul.invokeExact(lt.handle, d.desc, d.one, right, d.a, left, d.b, d.zero, result,
                        d.c, result, d.c, algorithm, workspace, workspaceBytes, stream);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("native functions throw nothing checked", e);
            }
            check("cublasLtMatmul", status);
        }
    }
}
