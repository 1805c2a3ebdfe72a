package dev.tenon.data.format;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/// Reads and writes safetensors files: named tensors and text, in a format that many frameworks share. A file is a
/// little-endian 64-bit length, a JSON header of that length, and the tensors' bytes, row-major and little-endian.
///
/// A header is never believed: lengths, offsets and shapes are checked against the size of the file before memory is
/// taken.
///
/// ```java
/// Safetensors.write(path, model.stateDict(), Map.of("epoch", "3"));
/// try (var file = Safetensors.open(path)) {
///     model.loadStateDict(file.readAll(Device.getDefault()));
/// }
/// ```
///
/// Source of the format: Hugging Face, "Safetensors", version 0.
public final class Safetensors implements Closeable {
    /// The largest header that is accepted, 100 MB as in the reference implementation.
    private static final long MAX_HEADER = 100_000_000;
    private static final int CHUNK = 1 << 24;

    /// What the file says of a tensor.
    ///
    /// @param dtype the element type
    /// @param shape the shape
    /// @param offset where its bytes begin, counted from the end of the header
    public record Entry(DType dtype, Shape shape, long offset) {
        /// How many bytes it takes.
        public long bytes() {
            return shape.elements() * dtype.bytes();
        }
    }

    private final Path path;
    private final FileChannel channel;
    private final long dataStart;
    private final SafetensorsHeader header;

    private Safetensors(Path path, FileChannel channel, long dataStart, SafetensorsHeader header) {
        this.path = path;
        this.channel = channel;
        this.dataStart = dataStart;
        this.header = header;
    }

    // --- reading

    /// Opens a file and reads its header.
    ///
    /// @throws DatasetFormatException if the header is malformed or does not fit the file
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IOException if reading fails
    public static Safetensors open(Path path) throws IOException {
        DataFiles.checkReadable(path, "a safetensors file");
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            long size = channel.size();
            if (size < 8) {
                throw new DatasetFormatException(path, "has " + size
                        + " bytes; a safetensors file starts with 8 that give the length of its header");
            }
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            readFully(path, channel, length, 0);
            long n = length.getLong(0);
            if (n < 2 || n > MAX_HEADER || n > size - 8) {
                throw new DatasetFormatException(path, "claims a header of " + Long.toUnsignedString(n)
                        + " bytes; the file has " + (size - 8) + " after that number, and at most " + MAX_HEADER
                        + " are accepted: it is cut short or no safetensors file");
            }
            byte[] json = new byte[(int) n];
            readFully(path, channel, ByteBuffer.wrap(json), 8);
            return new Safetensors(path, channel, 8 + n, SafetensorsHeader.parse(path, json, size - 8 - n));
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    /// What tensors the file holds, by name, in the order of its header.
    public Map<String, Entry> entries() {
        return header.entries();
    }

    /// The text that the file holds beside the tensors.
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /// Reads a tensor.
    ///
    /// @throws IllegalArgumentException if there is none of that name
    /// @throws IOException if reading fails
    public Tensor read(String name, Device device) throws IOException {
        Entry e = header.entries().get(name);
        if (e == null) {
            throw new IllegalArgumentException(path + " holds no tensor \"" + name + "\"; it holds "
                    + header.entries().keySet());
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(Math.max(1, e.bytes()), 64);
            for (long done = 0; done < e.bytes(); done += CHUNK) {
                long n = Math.min(CHUNK, e.bytes() - done);
                readFully(path, channel, host.asSlice(done, n).asByteBuffer(), dataStart + e.offset() + done);
            }
            swapOnBigEndian(host, e.dtype());
            return Tensors.fromHost(host, e.dtype(), e.shape(), device);
        }
    }

    /// Reads all tensors, in the order of the header.
    ///
    /// @throws IOException if reading fails
    public Map<String, Tensor> readAll(Device device) throws IOException {
        Map<String, Tensor> out = new LinkedHashMap<>();
        for (String name : header.entries().keySet()) {
            out.put(name, read(name, device));
        }
        return out;
    }

    private static void readFully(Path path, FileChannel channel, ByteBuffer into, long at) throws IOException {
        long position = at;
        while (into.hasRemaining()) {
            int n = channel.read(into, position);
            if (n < 0) {
                throw new DatasetFormatException(path, "ended at byte " + position
                        + " while it was read; something else changes it");
            }
            position += n;
        }
    }

    /// Closes the file. Tensors that were read stay.
    @Override
    public void close() throws IOException {
        channel.close();
    }

    // --- writing

    /// Writes tensors and text. The file appears under its name only when it is complete: a crash or a full disk
    /// leaves what was there before.
    ///
    /// @param tensors by name; the file holds them in the map's order
    /// @param metadata text by name, written in the order of the names so that equal contents are equal bytes; may be
    ///     empty
    /// @throws IOException if the file cannot be written
    public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata)
            throws IOException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        long offset = 0;
        for (var t : tensors.entrySet()) {
            if (t.getKey().equals("__metadata__")) {
                throw new IllegalArgumentException("safetensors: no tensor can be named __metadata__");
            }
            Entry e = new Entry(t.getValue().dtype(), t.getValue().shape(), offset);
            entries.put(t.getKey(), e);
            offset += e.bytes();
        }
        byte[] json = SafetensorsHeader.write(entries, new TreeMap<>(metadata));
        AtomicFiles.write(path, channel -> {
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, json.length);
            writeFully(channel, length);
            writeFully(channel, ByteBuffer.wrap(json));
            for (Tensor t : tensors.values()) {
                writeTensor(channel, t);
            }
        });
    }

    private static void writeTensor(FileChannel channel, Tensor t) throws IOException {
        long bytes = t.elements() * t.dtype().bytes();
        if (bytes == 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(bytes, 64);
            t.copyTo(host);
            swapOnBigEndian(host, t.dtype());
            for (long done = 0; done < bytes; done += CHUNK) {
                writeFully(channel, host.asSlice(done, Math.min(CHUNK, bytes - done)).asByteBuffer());
            }
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer from) throws IOException {
        while (from.hasRemaining()) {
            channel.write(from);
        }
    }

    private static void swapOnBigEndian(MemorySegment s, DType dtype) {
        int width = dtype.bytes();
        if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN || width == 1) {
            return;
        }
        byte[] element = new byte[width];
        for (long at = 0; at + width <= s.byteSize(); at += width) {
            MemorySegment e = s.asSlice(at, width);
            for (int i = 0; i < width; i++) {
                element[width - 1 - i] = e.get(ValueLayout.JAVA_BYTE, i);
            }
            e.copyFrom(MemorySegment.ofArray(element));
        }
    }
}
