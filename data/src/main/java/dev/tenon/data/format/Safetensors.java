package dev.tenon.data.format;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/// Reads and writes safetensors files: named tensors and text, in a format that many frameworks share. A file is a
/// little-endian 64-bit length, a JSON header of that length, and the tensors' bytes, row-major and little-endian.
///
/// A file is mapped, whatever its size, and a tensor's bytes are touched when it is read. A header is never believed:
/// lengths, offsets and shapes are checked against the size of the file before memory is taken.
///
/// ```java
/// Safetensors.write(path, model.stateDict(), Map.of("epoch", "3"));
/// try (var file = Safetensors.open(path)) {
///     model.loadStateDict(file.readAll(Device.getDefault()));
/// }
/// ```
///
/// Source of the format: Hugging Face, "Safetensors", version 0.
public final class Safetensors implements TensorFile {
    /// The largest header that is accepted, 100 MB as in the reference implementation.
    private static final long MAX_HEADER = 100_000_000;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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

    private final MappedFile file;
    private final long dataStart;
    private final SafetensorsHeader header;

    private Safetensors(MappedFile file, long dataStart, SafetensorsHeader header) {
        this.file = file;
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
        MappedFile file = MappedFile.open(path, "a safetensors file");
        try {
            return file.read(() -> open(file));
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    private static Safetensors open(MappedFile file) throws DatasetFormatException {
        Origin origin = file.origin();
        if (file.size() < 8) {
            throw origin.error("has " + file.size()
                    + " bytes; a safetensors file starts with 8 that give the length of its header");
        }
        long n = file.memory().get(LONG, 0);
        long rest = file.size() - 8;
        if (n < 2 || n > MAX_HEADER || n > rest) {
            throw origin.error("claims a header of " + Long.toUnsignedString(n) + " bytes; the file has " + rest
                    + " after that number, and at most " + MAX_HEADER
                    + " are accepted: it is cut short or no safetensors file");
        }
        byte[] json = file.memory().asSlice(8, n).toArray(ValueLayout.JAVA_BYTE);
        return new Safetensors(file, 8 + n, SafetensorsHeader.parse(origin.path(), json, rest - n));
    }

    /// What tensors the file holds, by name, in the order of its header.
    public Map<String, Entry> entries() {
        return header.entries();
    }

    @Override
    public Map<String, TensorType> types() {
        Map<String, TensorType> out = new LinkedHashMap<>();
        header.entries().forEach((name, e) -> out.put(name, TensorType.of(e.dtype(), e.shape())));
        return Collections.unmodifiableMap(out);
    }

    /// The text that the file holds beside the tensors.
    @Override
    public Map<String, String> metadata() {
        return header.metadata();
    }

    @Override
    public Tensor read(String name, Device device) throws IOException {
        Entry e = TensorMaps.get(file.origin().path(), header.entries(), name);
        return file.read(() -> {
            MemorySegment bytes = file.memory().asSlice(dataStart + e.offset(), e.bytes());
            return HostBytes.toTensor(bytes, ByteOrder.LITTLE_ENDIAN, e.dtype(), e.shape(), device);
        });
    }

    @Override
    public void close() {
        file.close();
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
        write(path, TensorMaps.types(tensors), metadata, TensorMaps.source(tensors));
    }

    /// Writes tensors that are given one after the other, so that only one of them need be in memory; otherwise as
    /// [#write(Path, Map, Map)].
    ///
    /// @param types what the file will hold, by name, in this order
    /// @param source gives each tensor, once, in the same order
    /// @throws IllegalArgumentException if a tensor is not of the type that was announced
    /// @throws IOException if a tensor cannot be read, or the file not be written
    public static void write(Path path, Map<String, TensorType> types, Map<String, String> metadata,
            TensorSource source) throws IOException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        long offset = 0;
        for (var t : types.entrySet()) {
            if (t.getKey().equals("__metadata__")) {
                throw new IllegalArgumentException("safetensors: no tensor can be named __metadata__");
            }
            Entry e = new Entry(t.getValue().dtype(), t.getValue().shape(), offset);
            entries.put(t.getKey(), e);
            offset = Math.addExact(offset, e.bytes());
        }
        byte[] json = SafetensorsHeader.write(entries, new TreeMap<>(metadata));
        if (json.length > MAX_HEADER) {
            throw new IllegalArgumentException("safetensors: a header of " + json.length + " bytes for " + types.size()
                    + " tensors and " + metadata.size() + " texts; at most " + MAX_HEADER + " can be read again");
        }
        AtomicFiles.write(path, channel -> {
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, json.length);
            HostBytes.writeFully(channel, length);
            HostBytes.writeFully(channel, ByteBuffer.wrap(json));
            for (var e : types.entrySet()) {
                try (Tensor t = source.read(e.getKey())) {
                    TensorMaps.check(e.getKey(), e.getValue(), t);
                    try (var block = HostBytes.of(t, ByteOrder.LITTLE_ENDIAN)) {
                        HostBytes.writeFully(channel, block.memory());
                    }
                }
            }
        });
    }
}
