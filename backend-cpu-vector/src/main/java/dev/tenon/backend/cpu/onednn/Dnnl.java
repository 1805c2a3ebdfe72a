package dev.tenon.backend.cpu.onednn;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/// The functions of oneDNN 3's C interface that are used here. Pointers are longs, which the calling convention passes
/// alike. Numbers are those of its headers `dnnl_types.h` and `dnnl_common_types.h`.
@SuppressWarnings("restricted")
final class Dnnl {
    static final int BF16 = 2;
    static final int F32 = 3;

    static final int ARG_SRC = 1;
    static final int ARG_DST = 17;
    static final int ARG_WEIGHTS = 33;
    static final int ARG_BIAS = 41;
    /// The second operand of the op that follows a primitive; so since version 3.11.
    static final int ARG_OPERAND_AFTER = 32768 | 2;
    static final int ARG_SCRATCHPAD = 80;
    static final int ARG_DIFF_SRC = 129;
    static final int ARG_DIFF_DST = 145;
    static final int ARG_DIFF_WEIGHTS = 161;

    static final int QUERY_SRC = 129;
    static final int QUERY_DIFF_SRC = 130;
    static final int QUERY_WEIGHTS = 131;
    static final int QUERY_DIFF_WEIGHTS = 132;
    static final int QUERY_DST = 133;
    static final int QUERY_DIFF_DST = 134;
    static final int QUERY_SCRATCHPAD = 136;

    private static final int QUERY_IMPLEMENTATION = 8;
    private static final int TAG_ANY = 1;
    private static final int KIND_CPU = 1;
    private static final int STREAM_IN_ORDER = 1;
    private static final int SCRATCHPAD_OF_USER = 1;
    private static final int CONVOLUTION_DIRECT = 1;
    private static final int FORWARD_TRAINING = 64;
    private static final int FORWARD_INFERENCE = 96;
    private static final int QUERY_ARGUMENT = 255;
    private static final int BINARY_ADD = 0x1fff0;
    /// `[n, c, h, w]` with the channels in blocks.
    private static final int TAG_BLOCKS_OF_16 = 78;
    private static final int TAG_BLOCKS_OF_8 = 102;

    private static final SymbolLookup SYMBOLS = OneDnn.symbols();
    private static final MethodHandle ENGINE_CREATE = status("dnnl_engine_create", "PIP");
    private static final MethodHandle STREAM_CREATE = status("dnnl_stream_create", "PPI");
    private static final MethodHandle WITH_STRIDES = status("dnnl_memory_desc_create_with_strides", "PIPIP");
    private static final MethodHandle WITH_TAG = status("dnnl_memory_desc_create_with_tag", "PIPII");
    private static final MethodHandle DESC_DESTROY = status("dnnl_memory_desc_destroy", "P");
    private static final MethodHandle DESC_EQUAL = status("dnnl_memory_desc_equal", "PP");
    private static final MethodHandle DESC_SIZE = Version.function(SYMBOLS, "dnnl_memory_desc_get_size",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MEMORY_CREATE = status("dnnl_memory_create", "PPPP");
    private static final MethodHandle MEMORY_DESTROY = status("dnnl_memory_destroy", "P");
    private static final MethodHandle ATTR_CREATE = status("dnnl_primitive_attr_create", "P");
    private static final MethodHandle ATTR_SCRATCHPAD = status("dnnl_primitive_attr_set_scratchpad_mode", "PI");
    private static final MethodHandle ATTR_DESTROY = status("dnnl_primitive_attr_destroy", "P");
    private static final MethodHandle ATTR_POST_OPS = status("dnnl_primitive_attr_set_post_ops", "PP");
    private static final MethodHandle POST_OPS_CREATE = status("dnnl_post_ops_create", "P");
    private static final MethodHandle POST_OPS_BINARY = status("dnnl_post_ops_append_binary", "PIP");
    private static final MethodHandle POST_OPS_DESTROY = status("dnnl_post_ops_destroy", "P");
    private static final MethodHandle CONV_FORWARD =
            status("dnnl_convolution_forward_primitive_desc_create", "PPIIPPPPPPPPP");
    private static final MethodHandle CONV_DATA =
            status("dnnl_convolution_backward_data_primitive_desc_create", "PPIPPPPPPPPP");
    private static final MethodHandle CONV_WEIGHTS =
            status("dnnl_convolution_backward_weights_primitive_desc_create", "PPIPPPPPPPPPP");
    private static final MethodHandle MATMUL = status("dnnl_matmul_primitive_desc_create", "PPPPPPP");
    private static final MethodHandle REORDER = status("dnnl_reorder_primitive_desc_create", "PPPPPP");
    private static final MethodHandle DESC_OF_PRIMITIVE_DESTROY = status("dnnl_primitive_desc_destroy", "P");
    private static final MethodHandle QUERY = status("dnnl_primitive_desc_query", "PIIP");
    private static final MethodHandle QUERY_MD = Version.function(SYMBOLS, "dnnl_primitive_desc_query_md",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT));
    private static final MethodHandle PRIMITIVE_CREATE = status("dnnl_primitive_create", "PP");
    private static final MethodHandle PRIMITIVE_DESTROY = status("dnnl_primitive_destroy", "P");
    private static final MethodHandle PRIMITIVE_EXECUTE = status("dnnl_primitive_execute", "PPIP");
    private static final MethodHandle OMP_GET_MAX;
    private static final MethodHandle OMP_SET;

    private static final long ENGINE;
    /// Ours is the memory that primitives work in: what the library keeps for them is not for many threads.
    private static final long ATTRIBUTES;

    static {
        SymbolLookup threads = Version.threads(SYMBOLS);
        OMP_GET_MAX = Version.function(threads, "omp_get_max_threads", FunctionDescriptor.of(JAVA_INT));
        OMP_SET = Version.function(threads, "omp_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            long p = arena.allocate(8).address();
            check("engine", (int) ENGINE_CREATE.invokeExact(p, KIND_CPU, 0L));
            ENGINE = Mem.getLong(p);
            check("attributes", (int) ATTR_CREATE.invokeExact(p));
            ATTRIBUTES = Mem.getLong(p);
            check("attributes", (int) ATTR_SCRATCHPAD.invokeExact(ATTRIBUTES, SCRATCHPAD_OF_USER));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final ThreadLocal<Long> STREAM = ThreadLocal.withInitial(Dnnl::stream);

    private Dnnl() {}

    /// A function that returns a status: `P` is a pointer, `I` an int.
    private static MethodHandle status(String name, String arguments) {
        MemoryLayout[] types = arguments.chars().mapToObj(c -> c == 'P' ? JAVA_LONG : JAVA_INT)
                .toArray(MemoryLayout[]::new);
        return Version.function(SYMBOLS, name, FunctionDescriptor.of(JAVA_INT, types));
    }

    private static RuntimeException unexpected(Throwable t) {
        if (t instanceof RuntimeException e) {
            throw e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        throw new AssertionError(t);
    }

    private static void check(String what, int status) {
        if (status != 0) {
            throw new IllegalStateException("oneDNN: " + what + " failed with status " + status);
        }
    }

    private static long stream() {
        try (Arena arena = Arena.ofConfined()) {
            long p = arena.allocate(8).address();
            check("stream", (int) STREAM_CREATE.invokeExact(p, ENGINE, STREAM_IN_ORDER));
            return Mem.getLong(p);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// Lets the calling thread's primitives use one thread, this one; returns what it was.
    static int alone() {
        try {
            int before = (int) OMP_GET_MAX.invokeExact();
            if (before != 1) {
                OMP_SET.invokeExact(1);
            }
            return before;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// Undoes [#alone].
    static void back(int before) {
        if (before != 1) {
            try {
                OMP_SET.invokeExact(before);
            } catch (Throwable t) {
                throw unexpected(t);
            }
        }
    }

    private static long longs(Arena arena, long... values) {
        return arena.allocateFrom(JAVA_LONG, values).address();
    }

    /// How numbers lie in memory; strides in elements, or none to let the primitive choose.
    static long layout(int dtype, long[] dims, long... strides) {
        try (Arena arena = Arena.ofConfined()) {
            long p = arena.allocate(8).address();
            check("layout " + Arrays.toString(dims), strides.length == 0
                    ? (int) WITH_TAG.invokeExact(p, dims.length, longs(arena, dims), dtype, TAG_ANY)
                    : (int) WITH_STRIDES.invokeExact(p, dims.length, longs(arena, dims), dtype,
                            longs(arena, strides)));
            return Mem.getLong(p);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static void freeLayout(long layout) {
        try {
            check("free", (int) DESC_DESTROY.invokeExact(layout));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static boolean same(long layout, long other) {
        try {
            return (int) DESC_EQUAL.invokeExact(layout, other) != 0;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static long bytes(long layout) {
        try {
            return (long) DESC_SIZE.invokeExact(layout);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// `[n, c, h, w]` as floats, with channels in blocks of 8 or 16.
    static long blocked(long[] dims, int block) {
        try (Arena arena = Arena.ofConfined()) {
            long p = arena.allocate(8).address();
            check("layout " + Arrays.toString(dims), (int) WITH_TAG.invokeExact(p, dims.length, longs(arena, dims),
                    F32, block == 16 ? TAG_BLOCKS_OF_16 : TAG_BLOCKS_OF_8));
            return Mem.getLong(p);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// Describes a convolution forward with what follows it, or 0 where the library has none.
    ///
    /// @param bias the layout of the bias, or 0 for none
    /// @param added the layout of what is added to the result, or 0 for nothing
    static long convolution(long x, long w, long bias, long y, Geometry g, long added) {
        try (Arena arena = Arena.ofConfined()) {
            long p = arena.allocate(8).address();
            check("attributes", (int) ATTR_CREATE.invokeExact(p));
            long attributes = Mem.getLong(p);
            try {
                check("attributes", (int) ATTR_SCRATCHPAD.invokeExact(attributes, SCRATCHPAD_OF_USER));
                if (added != 0) {
                    check("post-ops", (int) POST_OPS_CREATE.invokeExact(p));
                    long after = Mem.getLong(p);
                    try {
                        check("post-ops", (int) POST_OPS_BINARY.invokeExact(after, BINARY_ADD, added));
                        check("post-ops", (int) ATTR_POST_OPS.invokeExact(attributes, after));
                    } finally {
                        check("free", (int) POST_OPS_DESTROY.invokeExact(after));
                    }
                }
                int status = (int) CONV_FORWARD.invokeExact(p, ENGINE, FORWARD_INFERENCE, CONVOLUTION_DIRECT, x, w,
                        bias, y, longs(arena, g.stride()), longs(arena, g.dilation()), longs(arena, g.low()),
                        longs(arena, g.high()), attributes);
                return status == 0 ? Mem.getLong(p) : 0;
            } finally {
                check("free", (int) ATTR_DESTROY.invokeExact(attributes));
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// Which way a convolution goes.
    enum Direction { FORWARD, DATA, WEIGHTS }

    /// Describes a convolution, or 0 where the library has none; free it with [#freeDescription].
    ///
    /// @param x the layout of the input or its gradient
    /// @param w that of the weights or their gradient
    /// @param y that of the output or its gradient
    /// @param hint the description of the forward convolution, for the gradients
    static long convolution(Direction direction, long x, long w, long y, Geometry g, long hint) {
        try (Arena arena = Arena.ofConfined()) {
            long p = arena.allocate(8).address();
            long s = longs(arena, g.stride());
            long d = longs(arena, g.dilation());
            long l = longs(arena, g.low());
            long h = longs(arena, g.high());
            int status = switch (direction) {
                case FORWARD -> (int) CONV_FORWARD.invokeExact(p, ENGINE, FORWARD_TRAINING, CONVOLUTION_DIRECT, x, w,
                        0L, y, s, d, l, h, ATTRIBUTES);
                case DATA -> (int) CONV_DATA.invokeExact(p, ENGINE, CONVOLUTION_DIRECT, x, w, y, s, d, l, h, hint,
                        ATTRIBUTES);
                case WEIGHTS -> (int) CONV_WEIGHTS.invokeExact(p, ENGINE, CONVOLUTION_DIRECT, x, w, 0L, y, s, d, l, h,
                        hint, ATTRIBUTES);
            };
            return status == 0 ? Mem.getLong(p) : 0;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// Describes a matrix product, or 0 where the library has none.
    static long matmul(long a, long b, long c) {
        try (Arena arena = Arena.ofConfined()) {
            long p = arena.allocate(8).address();
            int status = (int) MATMUL.invokeExact(p, ENGINE, a, b, 0L, c, ATTRIBUTES);
            return status == 0 ? Mem.getLong(p) : 0;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// Describes a copy from one layout to another, or 0 where the library has none.
    static long reorder(long from, long to) {
        try (Arena arena = Arena.ofConfined()) {
            long p = arena.allocate(8).address();
            int status = (int) REORDER.invokeExact(p, from, ENGINE, to, ENGINE, ATTRIBUTES);
            return status == 0 ? Mem.getLong(p) : 0;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static void freeDescription(long description) {
        try {
            check("free", (int) DESC_OF_PRIMITIVE_DESTROY.invokeExact(description));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// A layout that a description has chosen; lives as long as that.
    static long layoutOf(long description, int query) {
        try {
            return (long) QUERY_MD.invokeExact(description, query, 0);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// The layout of an argument, `ARG_...`; lives as long as the description.
    static long layoutOfArgument(long description, int argument) {
        try {
            return (long) QUERY_MD.invokeExact(description, QUERY_ARGUMENT, argument);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// The name of the implementation, for example `jit:avx512_core`.
    static String implementation(long description) {
        try (Arena arena = Arena.ofConfined()) {
            long p = arena.allocate(8).address();
            check("query", (int) QUERY.invokeExact(description, QUERY_IMPLEMENTATION, 0, p));
            return MemorySegment.ofAddress(Mem.getLong(p)).reinterpret(256).getString(0);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static long primitive(long description) {
        try (Arena arena = Arena.ofConfined()) {
            long p = arena.allocate(8).address();
            check("primitive", (int) PRIMITIVE_CREATE.invokeExact(p, description));
            return Mem.getLong(p);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static void freePrimitive(long primitive) {
        try {
            check("free", (int) PRIMITIVE_DESTROY.invokeExact(primitive));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// Runs a primitive on this thread.
    ///
    /// @param arguments what each memory is, `ARG_...`
    /// @param layouts how it lies
    /// @param addresses where it lies
    static void execute(long primitive, int[] arguments, long[] layouts, long[] addresses) {
        int n = arguments.length;
        int before = alone();
        try (Arena arena = Arena.ofConfined()) {
            long list = arena.allocate(16L * n, 8).address();
            int made = 0;
            try {
                for (int i = 0; i < n; i++) {
                    Mem.putInt(list + 16L * i, arguments[i]);
                    check("memory", (int) MEMORY_CREATE.invokeExact(list + 16L * i + 8, layouts[i], ENGINE,
                            addresses[i]));
                    made++;
                }
                check("execution", (int) PRIMITIVE_EXECUTE.invokeExact(primitive, (long) STREAM.get(), n, list));
            } finally {
                for (int i = 0; i < made; i++) {
                    check("free", (int) MEMORY_DESTROY.invokeExact(Mem.getLong(list + 16L * i + 8)));
                }
            }
        } catch (Throwable t) {
            throw unexpected(t);
        } finally {
            back(before);
        }
    }
}
