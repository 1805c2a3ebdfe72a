package dev.tenon.data.format;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.HostArray;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/// Reads and writes `.npy` files, NumPy's format for one array: versions 1 to 3, row-major ("C") and column-major
/// ("Fortran") order, either byte order, `f16 f32 f64 i8 i16 i32 i64 u8 bool`. NumPy has no bf16.
///
/// Files are mapped, so arrays may be larger than 2 GB; channels are read piece by piece. A header is never believed:
/// the shape is checked against the size of the file, and from a channel memory is taken only as bytes arrive.
///
/// ```java
/// Npy.write(path, x);
/// Tensor same = Npy.read(path, Device.getDefault());
/// ```
///
/// Source of the format: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays", and `numpy.lib.format`.
public final class Npy {
    private static final int MAX_HEADER = 1 << 20;

    /// What the file says of its array.
    ///
    /// @param dtype the element type
    /// @param shape the shape
    /// @param order the byte order of the elements
    /// @param fortranOrder whether the first axis varies fastest
    public record Header(DType dtype, Shape shape, ByteOrder order, boolean fortranOrder) {
        /// How many bytes the elements take.
        public long bytes() {
            return shape.elements() * dtype.bytes();
        }

        /// The elements, row-major and in native byte order; `raw` itself if it is that already.
        private MemorySegment decode(MemorySegment raw, Arena arena) {
            boolean contiguous = !fortranOrder || Arrays.equals(HostBytes.columnMajor(shape),
                    shape.contiguousStrides());
            if (contiguous && dtype != DType.BOOL && (dtype.bytes() == 1 || order == ByteOrder.nativeOrder())) {
                return raw;
            }
            MemorySegment out = arena.allocate(Math.max(1, bytes()), 64).asSlice(0, bytes());
            HostBytes.gather(raw, 0, contiguous ? shape.contiguousStrides() : HostBytes.columnMajor(shape), shape,
                    dtype.bytes(), out);
            HostBytes.toNative(out, order, dtype);
            return out;
        }

        Tensor tensor(MemorySegment raw, Device device) {
            try (Arena arena = Arena.ofShared()) {
                return Tensors.fromHost(decode(raw, arena), dtype, shape, device);
            }
        }
    }

    private Npy() {}

    // --- reading

    /// Reads an array.
    ///
    /// @throws DatasetFormatException if the file is malformed, cut short, followed by more bytes, or holds a dtype
    ///     that tensors do not have
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IOException if reading fails
    public static Tensor read(Path path, Device device) throws IOException {
        return mapped(path, (header, raw) -> header.tensor(raw, device));
    }

    /// Reads an array into host memory, for data sets; the memory goes when the array is unreachable.
    ///
    /// @throws DatasetFormatException as [#read(Path, Device)]
    /// @throws IOException if reading fails
    public static HostArray readHost(Path path) throws IOException {
        return mapped(path, (header, raw) -> {
            Arena arena = Arena.ofAuto();
            MemorySegment out = header.decode(raw, arena);
            if (out == raw) {
                out = arena.allocate(Math.max(1, raw.byteSize()), 64).asSlice(0, raw.byteSize());
                out.copyFrom(raw);
            }
            return new HostArray(header.dtype, header.shape, out);
        });
    }

    /// Reads what a file says of its array, and nothing else.
    ///
    /// @throws DatasetFormatException as [#read(Path, Device)]
    /// @throws IOException if reading fails
    public static Header readHeader(Path path) throws IOException {
        return mapped(path, (header, _) -> header);
    }

    /// Reads an array from a channel, which is left behind its last byte.
    ///
    /// @param channel a blocking channel
    /// @throws DatasetFormatException as [#read(Path, Device)]; what follows in the channel is no error
    /// @throws IOException if reading fails
    public static Tensor read(ReadableByteChannel channel, Device device) throws IOException {
        Origin origin = Origin.of(Path.of("channel"));
        Header header = header(origin, channel);
        try (var block = HostBytes.receive(origin, channel, header.bytes(), header.dtype + " " + header.shape)) {
            return header.tensor(block.memory(), device);
        }
    }

    /// What is done with the bytes of the elements.
    @FunctionalInterface
    interface Use<T> {
        T of(Header header, MemorySegment raw);
    }

    private static <T> T mapped(Path path, Use<T> use) throws IOException {
        try (MappedFile file = MappedFile.open(path, "a .npy file")) {
            return file.read(() -> read(file.origin(), file.memory(), use));
        }
    }

    /// Reads an array that takes exactly the given bytes.
    static <T> T read(Origin origin, MemorySegment all, Use<T> use) throws IOException {
        MappedFile.Channel channel = new MappedFile.Channel(all);
        Header header = header(origin, channel);
        long start = channel.position();
        long found = all.byteSize() - start;
        if (found != header.bytes()) {
            throw origin.error(start, header.dtype + " " + header.shape + " takes " + header.bytes()
                    + " bytes, there are " + found + (found < header.bytes()
                            ? ": it is cut short; fetch or copy it again"
                            : ": it holds more than one array, or the header is wrong"));
        }
        return use.of(header, all.asSlice(start, found));
    }

    /// Reads the header; the channel is left at the first element.
    static Header header(Origin origin, ReadableByteChannel channel) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        HostBytes.readFully(origin, channel, start, "the 8 bytes that every .npy file starts with");
        if (!Arrays.equals(start.array(), 0, 6, NpyHeader.MAGIC, 0, 6)) {
            throw origin.error("is not a .npy file: it does not start with the bytes 93 'NUMPY'");
        }
        int version = start.get(6);
        if (version < 1 || version > 3 || start.get(7) != 0) {
            throw origin.error(6, "has version " + (version & 0xFF) + "." + (start.get(7) & 0xFF)
                    + " of the .npy format; known are 1.0, 2.0 and 3.0");
        }
        ByteBuffer number = ByteBuffer.allocate(version == 1 ? 2 : 4).order(ByteOrder.LITTLE_ENDIAN);
        HostBytes.readFully(origin, channel, number, "the length of its header");
        long length = version == 1 ? number.getShort(0) & 0xFFFF : number.getInt(0) & 0xFFFFFFFFL;
        if (length > MAX_HEADER) {
            throw origin.error(8, "claims a header of " + length + " bytes; at most " + MAX_HEADER + " are accepted");
        }
        ByteBuffer text = ByteBuffer.allocate((int) length);
        HostBytes.readFully(origin, channel, text, "its header of " + length + " bytes");
        return NpyHeader.parse(origin, text.array(),
                version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1, 8 + number.capacity());
    }

    // --- writing

    /// Writes a tensor, row-major and little-endian. The file appears under its name only when it is complete.
    ///
    /// @throws IllegalArgumentException if the tensor is bf16
    /// @throws IOException if the file cannot be written
    public static void write(Path path, Tensor tensor) throws IOException {
        write(path, tensor, ByteOrder.LITTLE_ENDIAN, false);
    }

    /// Writes a tensor in the given layout.
    ///
    /// @param order the byte order of the elements
    /// @param fortranOrder whether the first axis varies fastest in the file
    /// @throws IllegalArgumentException if the tensor is bf16
    /// @throws IOException if the file cannot be written
    public static void write(Path path, Tensor tensor, ByteOrder order, boolean fortranOrder) throws IOException {
        byte[] header = NpyHeader.write(new Header(tensor.dtype(), tensor.shape(), order, fortranOrder));
        AtomicFiles.write(path, channel -> write(channel, header, tensor, order, fortranOrder));
    }

    /// Writes a tensor to a channel, row-major and little-endian; the channel stays open.
    ///
    /// @param channel a blocking channel
    /// @throws IllegalArgumentException if the tensor is bf16; nothing is written then
    /// @throws IOException if writing fails
    public static void write(WritableByteChannel channel, Tensor tensor) throws IOException {
        ByteOrder order = ByteOrder.LITTLE_ENDIAN;
        write(channel, NpyHeader.write(new Header(tensor.dtype(), tensor.shape(), order, false)), tensor, order, false);
    }

    private static void write(WritableByteChannel channel, byte[] header, Tensor t, ByteOrder order, boolean fortran)
            throws IOException {
        HostBytes.writeFully(channel, ByteBuffer.wrap(header));
        try (var rowMajor = HostBytes.of(t, order)) {
            if (!fortran || t.rank() < 2) {
                HostBytes.writeFully(channel, rowMajor.memory());
                return;
            }
            // Column-major elements are the row-major ones of the transposed tensor.
            long[] strides = t.shape().contiguousStrides();
            long[] dims = t.shape().toArray();
            int n = dims.length;
            long[] back = new long[n];
            long[] backDims = new long[n];
            for (int i = 0; i < n; i++) {
                back[i] = strides[n - 1 - i];
                backDims[i] = dims[n - 1 - i];
            }
            try (var columnMajor = HostBytes.Block.of(rowMajor.memory().byteSize())) {
                HostBytes.gather(rowMajor.memory(), 0, back, Shape.of(backDims), t.dtype().bytes(),
                        columnMajor.memory());
                HostBytes.writeFully(channel, columnMajor.memory());
            }
        }
    }
}
