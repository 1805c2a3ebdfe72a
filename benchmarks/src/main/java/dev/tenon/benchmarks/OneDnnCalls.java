package dev.tenon.benchmarks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import org.bytedeco.javacpp.Loader;

/// The few functions of oneDNN 3's C interface that a peer needs. Numbers are those of its headers.
///
/// Not by JavaCPP's classes for it: they load an OpenCL library first. The library itself is the one that Tenon's
/// backend calls too, from the jar `org.bytedeco:dnnl` or, where that is absent, the system's.
final class OneDnnCalls {
    static final int BF16 = 2;
    static final int F32 = 3;

    /// What an argument of a primitive is.
    enum Argument {
        SRC(1), DST(17), WEIGHTS(33), MEAN(49), VARIANCE(50), SCALE(51), SHIFT(52), WORKSPACE(64), DIFF_SRC(129),
        DIFF_DST(145), DIFF_WEIGHTS(161), DIFF_SCALE(255), DIFF_SHIFT(256);

        private final int number;

        Argument(int number) {
            this.number = number;
        }
    }

    /// Layouts of rows, and of images in blocks of 16 channels.
    static final int ROWS = 3;
    static final int BLOCKS = 78;

    private static final int QUERY_ARGUMENT = 255;
    private static final int TAG_ANY = 1;
    private static final int KIND_CPU = 1;
    private static final int IN_ORDER = 1;
    private static final int DIRECT = 1;
    private static final int FORWARD_TRAINING = 64;
    private static final int BACKWARD = 128;
    private static final int SOFTMAX_ACCURATE = 0x30000;
    private static final int POOLING_MAX = 511;
    private static final int USE_SCALE_AND_SHIFT = 6;
    private static final float EPSILON = 1e-5f;
    private static final MemorySegment ALLOCATE = MemorySegment.ofAddress(-1);

    private final Arena arena = Arena.ofShared();
    private final String[] libraries = libraries();
    private final MethodHandle execute = call("dnnl_primitive_execute", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS)
        .handle();
    private final MethodHandle waitFor = call("dnnl_stream_wait", JAVA_INT, ADDRESS).handle();
    private final NativeCall withTag = status("dnnl_memory_desc_create_with_tag", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT,
        JAVA_INT);
    private final NativeCall size = call("dnnl_memory_desc_get_size", JAVA_LONG, ADDRESS);
    private final NativeCall memory = status("dnnl_memory_create", ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private final NativeCall handle = status("dnnl_memory_get_data_handle", ADDRESS, ADDRESS);
    private final NativeCall freeMemory = status("dnnl_memory_destroy", ADDRESS);
    private final NativeCall matmul = status("dnnl_matmul_primitive_desc_create", pointers(7));
    private final NativeCall forward = status("dnnl_convolution_forward_primitive_desc_create", ADDRESS, ADDRESS,
        JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private final NativeCall backwardData = status("dnnl_convolution_backward_data_primitive_desc_create", ADDRESS,
        ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private final NativeCall backwardWeights = status("dnnl_convolution_backward_weights_primitive_desc_create",
        ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
        ADDRESS);
    private final NativeCall softmax = status("dnnl_softmax_forward_primitive_desc_create", ADDRESS, ADDRESS, JAVA_INT,
        JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
    private final NativeCall layerNorm = status("dnnl_layer_normalization_forward_primitive_desc_create", ADDRESS,
        ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_FLOAT, JAVA_INT, ADDRESS);
    private final NativeCall batchNorm = status("dnnl_batch_normalization_forward_primitive_desc_create", ADDRESS,
        ADDRESS, JAVA_INT, ADDRESS, ADDRESS, JAVA_FLOAT, JAVA_INT, ADDRESS);
    private final NativeCall batchNormBackward = status("dnnl_batch_normalization_backward_primitive_desc_create",
        ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_FLOAT, JAVA_INT, ADDRESS, ADDRESS);
    private final NativeCall pooling = status("dnnl_pooling_forward_primitive_desc_create", ADDRESS, ADDRESS, JAVA_INT,
        JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private final NativeCall layoutOf = call("dnnl_primitive_desc_query_md", ADDRESS, ADDRESS, JAVA_INT, JAVA_INT);
    private final NativeCall primitive = status("dnnl_primitive_create", ADDRESS, ADDRESS);
    private final NativeCall freePrimitive = status("dnnl_primitive_destroy", ADDRESS);
    private final MemorySegment engine = made("dnnl_engine_create", p ->
        status("dnnl_engine_create", ADDRESS, JAVA_INT, JAVA_LONG).call(p, KIND_CPU, 0L));
    private final MemorySegment stream = made("dnnl_stream_create", p ->
        status("dnnl_stream_create", ADDRESS, ADDRESS, JAVA_INT).call(p, engine, IN_ORDER));

    private interface Maker {
        Object make(MemorySegment pointer);
    }

    private static String[] libraries() {
        String folder = "/org/bytedeco/dnnl/" + Loader.getPlatform() + "/";
        if (OneDnnCalls.class.getResource(folder + "libdnnl.so.3") == null) {
            return new String[] {"libdnnl.so.3", "libdnnl.3.dylib", "dnnl.dll"};
        }
        try {
            // Its threads first, under the name by which it asks for them.
            File threads = Loader.cacheResource(OneDnnCalls.class, folder + "libgomp.so.1");
            if (threads != null) {
                load(threads);
            }
            return new String[] {Loader.cacheResource(OneDnnCalls.class, folder + "libdnnl.so.3").getPath()};
        } catch (IOException e) {
            throw new UncheckedIOException("unpacking oneDNN", e);
        }
    }

    @SuppressWarnings("restricted")
    private static void load(File library) {
        System.load(library.getPath());
    }

    private NativeCall call(String function, ValueLayout result, MemoryLayout... arguments) {
        return NativeCall.of(arena, "oneDNN", libraries, function, result, arguments);
    }

    private NativeCall status(String function, MemoryLayout... arguments) {
        return call(function, JAVA_INT, arguments);
    }

    private static MemoryLayout[] pointers(int n) {
        MemoryLayout[] all = new MemoryLayout[n];
        Arrays.fill(all, ADDRESS);
        return all;
    }

    private static void check(String what, Object status) {
        if ((int) status != 0) {
            throw new IllegalStateException(what + ": status " + status);
        }
    }

    private MemorySegment made(String what, Maker maker) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment p = call.allocate(ADDRESS);
            check(what, maker.make(p));
            return p.get(ADDRESS, 0);
        }
    }

    private MemorySegment longs(long... values) {
        return arena.allocateFrom(JAVA_LONG, values);
    }

    /// A layout that is left to the primitive.
    MemorySegment any(int dtype, long... dims) {
        return layout(TAG_ANY, dtype, dims);
    }

    /// A layout.
    MemorySegment layout(int tag, int dtype, long... dims) {
        return made("dnnl_memory_desc_create_with_tag", p -> withTag.call(p, dims.length, longs(dims), dtype, tag));
    }

    /// Describes a softmax of rows.
    MemorySegment softmax(MemorySegment x) {
        return made("softmax", p -> softmax.call(p, engine, FORWARD_TRAINING, SOFTMAX_ACCURATE, x, x, 1,
            MemorySegment.NULL));
    }

    /// Describes a layer normalisation of rows.
    MemorySegment layerNorm(MemorySegment x) {
        return made("layer normalisation", p -> layerNorm.call(p, engine, FORWARD_TRAINING, x, x, MemorySegment.NULL,
            EPSILON, USE_SCALE_AND_SHIFT, MemorySegment.NULL));
    }

    /// Describes a batch normalisation in training.
    MemorySegment batchNorm(MemorySegment x) {
        return made("batch normalisation", p -> batchNorm.call(p, engine, FORWARD_TRAINING, x, x, EPSILON,
            USE_SCALE_AND_SHIFT, MemorySegment.NULL));
    }

    /// Describes its gradients.
    MemorySegment batchNormBackward(MemorySegment x) {
        MemorySegment hint = batchNorm(x);
        return made("batch normalisation, gradients", p -> batchNormBackward.call(p, engine, BACKWARD, x, x, x, EPSILON,
            USE_SCALE_AND_SHIFT, hint, MemorySegment.NULL));
    }

    /// Describes a max-pooling that also gives positions.
    MemorySegment maxPool(MemorySegment x, MemorySegment y, long kernel, long stride, long padding) {
        MemorySegment around = longs(padding, padding);
        return made("max-pooling", p -> pooling.call(p, engine, FORWARD_TRAINING, POOLING_MAX, x, y,
            longs(stride, stride), longs(kernel, kernel), longs(0, 0), around, around, MemorySegment.NULL));
    }

    /// Describes a matrix product of such layouts.
    MemorySegment matmul(MemorySegment a, MemorySegment b, MemorySegment y) {
        return made("dnnl_matmul_primitive_desc_create", p ->
            matmul.call(p, engine, a, b, MemorySegment.NULL, y, MemorySegment.NULL));
    }

    /// Which way a convolution goes.
    enum Direction { FORWARD, DATA, WEIGHTS }

    /// Describes a convolution, or one of its gradients, of such layouts.
    MemorySegment convolution(Direction direction, MemorySegment x, MemorySegment w, MemorySegment y, long stride,
            long padding) {
        MemorySegment s = longs(stride, stride);
        MemorySegment d = longs(0, 0);
        MemorySegment around = longs(padding, padding);
        MemorySegment none = MemorySegment.NULL;
        MemorySegment hint = made("convolution", p ->
            forward.call(p, engine, FORWARD_TRAINING, DIRECT, x, w, none, y, s, d, around, around, none));
        return switch (direction) {
            case FORWARD -> hint;
            case DATA -> made("convolution, gradient of the input", p ->
                backwardData.call(p, engine, DIRECT, x, w, y, s, d, around, around, hint, none));
            case WEIGHTS -> made("convolution, gradient of the weights", p ->
                backwardWeights.call(p, engine, DIRECT, x, w, none, y, s, d, around, around, hint, none));
        };
    }

    /// A primitive with memory of its own for its arguments, in the layouts that it has chosen.
    Work work(MemorySegment description, Argument... arguments) {
        MemorySegment made = made("dnnl_primitive_create", p -> primitive.call(p, description));
        MemorySegment list = arena.allocate(16L * arguments.length, 8);
        for (int i = 0; i < arguments.length; i++) {
            list.set(JAVA_INT, 16L * i, arguments[i].number);
            list.set(ADDRESS, 16L * i + 8, filled((MemorySegment) layoutOf.call(description,
                QUERY_ARGUMENT, arguments[i].number)));
        }
        return new Work() {
            @Override
            public void run() {
                try {
                    check("dnnl_primitive_execute", (int) execute.invokeExact(made, stream, arguments.length, list));
                    check("dnnl_stream_wait", (int) waitFor.invokeExact(stream));
                } catch (RuntimeException | Error e) {
                    throw e;
                } catch (Throwable e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            public void close() {
                check("dnnl_primitive_destroy", freePrimitive.call(made));
                for (int i = 0; i < arguments.length; i++) {
                    check("dnnl_memory_destroy", freeMemory.call(list.get(ADDRESS, 16L * i + 8)));
                }
            }
        };
    }

    /// Memory whose every byte is 0x3f, which is 0.747 as f32 and as bf16: subnormal numbers would be slow.
    @SuppressWarnings("restricted")
    private MemorySegment filled(MemorySegment layout) {
        MemorySegment m = made("dnnl_memory_create", p -> memory.call(p, layout, engine, ALLOCATE));
        made("dnnl_memory_get_data_handle", p -> handle.call(m, p)).reinterpret((long) size.call(layout))
            .fill((byte) 0x3f);
        return m;
    }

    /// The version of the library.
    @SuppressWarnings("restricted")
    String version() {
        MemorySegment v = ((MemorySegment) call("dnnl_version", ADDRESS).call()).reinterpret(12);
        return v.get(JAVA_INT, 0) + "." + v.get(JAVA_INT, 4) + "." + v.get(JAVA_INT, 8);
    }
}
