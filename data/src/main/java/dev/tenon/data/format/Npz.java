package dev.tenon.data.format;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Reads and writes `.npz` files: zip archives of [Npy] files, one per array, stored or deflated.
///
/// Stored arrays are read from the mapped file; deflated ones are decompressed when they are asked for. Checksums are
/// compared. What an archive decompresses to is limited, because a small file can claim to hold much.
///
/// ```java
/// Npz.write(path, Map.of("x", x, "y", y));
/// try (var file = Npz.open(path)) {
///     Tensor x = file.read("x", Device.getDefault());
/// }
/// ```
///
/// Source of the format: NumPy, `numpy.savez`.
public final class Npz implements TensorFile {
    /// The most bytes that the deflated arrays of a file may hold together, unless another limit is given: 4 GiB.
    public static final long DEFAULT_LIMIT = 1L << 32;

    private static final String SUFFIX = ".npy";

    private record Item(ZipArchive.Entry entry, Npy.Header header) {}

    private final ZipArchive zip;
    private final Map<String, Item> items = new LinkedHashMap<>();

    private Npz(ZipArchive zip) {
        this.zip = zip;
    }

    /// Opens a file with the [default limit][#DEFAULT_LIMIT] and reads the headers of its arrays.
    ///
    /// @throws DatasetFormatException if it is malformed, or an array has a dtype that tensors do not have
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IOException if reading fails
    public static Npz open(Path path) throws IOException {
        return open(path, DEFAULT_LIMIT);
    }

    /// Opens a file and reads the headers of its arrays.
    ///
    /// @param limitBytes the most bytes that its deflated arrays may hold together
    /// @throws DatasetFormatException if it is malformed or over the limit, or an array has a dtype that tensors do not
    ///     have
    /// @throws IOException if reading fails
    public static Npz open(Path path, long limitBytes) throws IOException {
        if (limitBytes < 0) {
            throw new IllegalArgumentException("limitBytes " + limitBytes + " is negative");
        }
        MappedFile file = MappedFile.open(path, "a .npz file");
        try {
            Npz npz = new Npz(ZipArchive.of(file, limitBytes));
            npz.readHeaders(file);
            return npz;
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    private void readHeaders(MappedFile file) throws IOException {
        for (ZipArchive.Entry e : zip.entries().values()) {
            if (!e.name().endsWith(SUFFIX)) {
                continue;
            }
            Origin origin = zip.origin(e);
            try (var channel = zip.channel(e)) {
                Npy.Header header = file.read(() -> Npy.header(origin, channel));
                items.put(e.name().substring(0, e.name().length() - SUFFIX.length()), new Item(e, header));
            }
        }
        if (items.isEmpty() && !zip.entries().isEmpty()) {
            throw file.origin().error("is a zip file without arrays (entries whose names end in .npy); it holds "
                    + zip.entries().keySet().stream().limit(8).toList());
        }
    }

    /// The headers of the arrays by name, in the order of the file; entries that are no arrays are left out.
    public Map<String, Npy.Header> headers() {
        Map<String, Npy.Header> out = new LinkedHashMap<>();
        items.forEach((name, item) -> out.put(name, item.header));
        return Collections.unmodifiableMap(out);
    }

    @Override
    public Map<String, TensorType> types() {
        Map<String, TensorType> out = new LinkedHashMap<>();
        items.forEach((name, item) -> out.put(name, TensorType.of(item.header.dtype(), item.header.shape())));
        return Collections.unmodifiableMap(out);
    }

    @Override
    public Tensor read(String name, Device device) throws IOException {
        Item item = TensorMaps.get(zip.path(), items, name);
        return zip.file().read(() -> {
            try (ZipArchive.Content content = zip.read(item.entry, true)) {
                return Npy.read(zip.origin(item.entry), content.memory(), (header, raw) -> header.tensor(raw, device));
            }
        });
    }

    @Override
    public void close() {
        zip.close();
    }

    // --- writing

    /// Writes arrays, stored. The file appears under its name only when it is complete.
    ///
    /// @param tensors by name; the file holds them in the map's order
    /// @throws IllegalArgumentException if a tensor is bf16
    /// @throws IOException if the file cannot be written
    public static void write(Path path, Map<String, Tensor> tensors) throws IOException {
        write(path, TensorMaps.types(tensors), TensorMaps.source(tensors), false);
    }

    /// Writes arrays, deflated: smaller and slower. Otherwise as [#write(Path, Map)].
    ///
    /// @throws IllegalArgumentException if a tensor is bf16
    /// @throws IOException if the file cannot be written
    public static void writeCompressed(Path path, Map<String, Tensor> tensors) throws IOException {
        write(path, TensorMaps.types(tensors), TensorMaps.source(tensors), true);
    }

    /// Writes arrays that are given one after the other.
    ///
    /// @param types what the file will hold, by name, in this order
    /// @param source gives each tensor, once, in the same order
    /// @param compressed whether to deflate
    /// @throws IllegalArgumentException if a tensor is bf16, or not of the type that was announced
    /// @throws IOException if a tensor cannot be read, or the file not be written
    public static void write(Path path, Map<String, TensorType> types, TensorSource source, boolean compressed)
            throws IOException {
        Map<String, byte[]> headers = new LinkedHashMap<>();
        types.forEach((name, t) -> headers.put(name, NpyHeader.write(
                new Npy.Header(t.dtype(), t.shape(), ByteOrder.LITTLE_ENDIAN, false))));
        AtomicFiles.write(path, channel -> {
            ZipOutputStream zip = new ZipOutputStream(new Unclosed(Channels.newOutputStream(channel)));
            for (var e : types.entrySet()) {
                try (Tensor t = source.read(e.getKey())) {
                    TensorMaps.check(e.getKey(), e.getValue(), t);
                    try (var block = HostBytes.of(t, ByteOrder.LITTLE_ENDIAN)) {
                        write(zip, e.getKey(), headers.getOrDefault(e.getKey(), new byte[0]), block, compressed);
                    }
                }
            }
            zip.close();
        });
    }

    private static void write(ZipOutputStream zip, String name, byte[] header, HostBytes.Block block,
            boolean compressed) throws IOException {
        ZipEntry entry = new ZipEntry(name + SUFFIX);
        // Equal contents are equal bytes.
        entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
        if (!compressed) {
            CRC32 crc = new CRC32();
            crc.update(header);
            ZipArchive.update(crc, block.memory());
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(header.length + block.memory().byteSize());
            entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        WritableByteChannel to = Channels.newChannel(zip);
        HostBytes.writeFully(to, ByteBuffer.wrap(header));
        HostBytes.writeFully(to, block.memory());
        zip.closeEntry();
    }

    /// Leaves the file open: it must be forced to disk before it is closed.
    private static final class Unclosed extends OutputStream {
        private final OutputStream out;

        Unclosed(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
        }

        @Override
        public void write(byte[] b, int from, int n) throws IOException {
            out.write(b, from, n);
        }
    }
}
