package dev.tenon.data.format;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.function.LongSupplier;

/// The bytes of tensors on their way between files and devices: byte order, strides, and copies in pieces. All offsets
/// are 64 bits wide.
final class HostBytes {
    private static final int CHUNK = 1 << 24;

    private HostBytes() {}

    /// Memory that is given back by `close`.
    record Block(Arena arena, MemorySegment memory) implements AutoCloseable {
        static Block of(long bytes) {
            Arena arena = Arena.ofShared();
            try {
                return new Block(arena, arena.allocate(Math.max(1, bytes), 64).asSlice(0, bytes));
            } catch (Throwable e) {
                arena.close();
                throw e;
            }
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    // --- files to devices

    /// A tensor of row-major elements.
    ///
    /// @param source at least as many bytes as the shape asks for, perhaps mapped from a file; not changed
    static Tensor toTensor(MemorySegment source, ByteOrder order, DType dtype, Shape shape, Device device) {
        boolean asIs = dtype != DType.BOOL && (dtype.bytes() == 1 || order == ByteOrder.nativeOrder());
        if (asIs || shape.elements() == 0) {
            return Tensors.fromHost(source, dtype, shape, device);
        }
        try (Block block = Block.of(shape.elements() * dtype.bytes())) {
            MemorySegment.copy(source, 0, block.memory, 0, block.memory.byteSize());
            toNative(block.memory, order, dtype);
            return Tensors.fromHost(block.memory, dtype, shape, device);
        }
    }

    /// Turns elements as a file has them, in place, into what kernels expect: native byte order, and truth values that
    /// are 0 or 1.
    static void toNative(MemorySegment s, ByteOrder order, DType dtype) {
        if (dtype == DType.BOOL) {
            for (long i = 0; i < s.byteSize(); i++) {
                if (s.get(ValueLayout.JAVA_BYTE, i) != 0) {
                    s.set(ValueLayout.JAVA_BYTE, i, (byte) 1);
                }
            }
        } else if (order != ByteOrder.nativeOrder()) {
            swap(s, dtype.bytes());
        }
    }

    /// Reverses the bytes of every element.
    static void swap(MemorySegment s, int width) {
        long end = s.byteSize();
        switch (width) {
            case 1 -> { }
            case 2 -> {
                for (long i = 0; i < end; i += 2) {
                    s.set(ValueLayout.JAVA_SHORT_UNALIGNED, i,
                            Short.reverseBytes(s.get(ValueLayout.JAVA_SHORT_UNALIGNED, i)));
                }
            }
            case 4 -> {
                for (long i = 0; i < end; i += 4) {
                    s.set(ValueLayout.JAVA_INT_UNALIGNED, i,
                            Integer.reverseBytes(s.get(ValueLayout.JAVA_INT_UNALIGNED, i)));
                }
            }
            case 8 -> {
                for (long i = 0; i < end; i += 8) {
                    s.set(ValueLayout.JAVA_LONG_UNALIGNED, i,
                            Long.reverseBytes(s.get(ValueLayout.JAVA_LONG_UNALIGNED, i)));
                }
            }
            default -> throw new IllegalArgumentException("no elements of " + width + " bytes");
        }
    }

    // --- layouts

    /// Copies strided elements to row-major ones.
    ///
    /// @param offset of the first element in `from`, counted in elements
    /// @param strides in elements, one per axis, none negative; the caller has checked that all lie inside `from`
    static void gather(MemorySegment from, long offset, long[] strides, Shape shape, int width, MemorySegment to) {
        if (shape.elements() == 0) {
            return;
        }
        long[] dims = shape.toArray();
        int inner = dims.length;
        long run = 1;
        while (inner > 0 && (dims[inner - 1] == 1 || strides[inner - 1] == run)) {
            run *= dims[--inner];
        }
        long[] at = new long[inner];
        long source = offset;
        long target = 0;
        while (true) {
            move(from, source * width, to, target, run * width);
            target += run * width;
            int axis = inner - 1;
            while (axis >= 0 && ++at[axis] == dims[axis]) {
                source -= (dims[axis] - 1) * strides[axis];
                at[axis--] = 0;
            }
            if (axis < 0) {
                return;
            }
            source += strides[axis];
        }
    }

    private static void move(MemorySegment from, long source, MemorySegment to, long target, long bytes) {
        if (bytes == 4) {
            to.set(ValueLayout.JAVA_INT_UNALIGNED, target, from.get(ValueLayout.JAVA_INT_UNALIGNED, source));
        } else if (bytes == 8) {
            to.set(ValueLayout.JAVA_LONG_UNALIGNED, target, from.get(ValueLayout.JAVA_LONG_UNALIGNED, source));
        } else {
            MemorySegment.copy(from, source, to, target, bytes);
        }
    }

    /// The strides, in elements, of a column-major ("Fortran") tensor.
    static long[] columnMajor(Shape shape) {
        long[] strides = new long[shape.rank()];
        long n = 1;
        for (int i = 0; i < strides.length; i++) {
            strides[i] = n;
            n *= Math.max(1, shape.dim(i));
        }
        return strides;
    }

    // --- channels

    /// Reads exactly so many bytes. Memory is taken as bytes arrive, so that a claim costs nothing.
    ///
    /// @param what for the message when the channel ends early
    static Block receive(Origin origin, ReadableByteChannel channel, long bytes, String what) throws IOException {
        Block block = Block.of(Math.min(bytes, CHUNK));
        try {
            long filled = 0;
            while (true) {
                while (filled < block.memory.byteSize()) {
                    long n = Math.min(CHUNK, block.memory.byteSize() - filled);
                    int read = channel.read(block.memory.asSlice(filled, n).asByteBuffer());
                    if (read < 0) {
                        throw origin.error("is cut short: " + what + " takes " + bytes + " bytes, " + filled
                                + " are there; fetch or copy it again");
                    }
                    filled += read;
                }
                if (filled == bytes) {
                    return block;
                }
                Block larger = Block.of(Math.min(bytes, 4 * filled));
                MemorySegment.copy(block.memory, 0, larger.memory, 0, filled);
                block.close();
                block = larger;
            }
        } catch (Throwable e) {
            block.close();
            throw e;
        }
    }

    /// Fills a buffer.
    static void readFully(Origin origin, ReadableByteChannel channel, ByteBuffer into, String what)
            throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                throw origin.error("is cut short: it ends inside " + what);
            }
        }
    }

    static void writeFully(WritableByteChannel channel, ByteBuffer from) throws IOException {
        while (from.hasRemaining()) {
            channel.write(from);
        }
    }

    static void writeFully(WritableByteChannel channel, MemorySegment from) throws IOException {
        for (long done = 0; done < from.byteSize(); done += CHUNK) {
            writeFully(channel, from.asSlice(done, Math.min(CHUNK, from.byteSize() - done)).asByteBuffer());
        }
    }

    /// The elements of a tensor, row-major in the given byte order.
    static Block of(Tensor t, ByteOrder order) {
        Block block = Block.of(t.elements() * t.dtype().bytes());
        try {
            t.copyTo(block.memory);
            if (order != ByteOrder.nativeOrder()) {
                swap(block.memory, t.dtype().bytes());
            }
            return block;
        } catch (Throwable e) {
            block.close();
            throw e;
        }
    }

    // --- sizes

    /// A number of bytes that is computed from what a file claims.
    ///
    /// @param size computes it by exact arithmetic
    /// @param what the claim, for the message
    static long claimed(Origin origin, LongSupplier size, String what) throws DatasetFormatException {
        try {
            return size.getAsLong();
        } catch (RuntimeException e) {
            throw origin.error("claims " + what + ", which is more than any file holds", e);
        }
    }
}
