package dev.tenon.data.format;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/// The entries of a zip file, read where they lie: stored ones are parts of the mapped file, deflated ones are
/// decompressed. `java.util.zip` does not say where an entry's bytes are, which mapping needs.
///
/// The directory is checked as a whole when the file is opened: entries lie inside the file, do not overlap, have
/// different names, and decompress to no more than a limit in all.
///
/// Source of the format: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", 6.3.
final class ZipArchive implements Closeable {
    private static final int LOCAL = 0x04034B50;
    private static final int CENTRAL = 0x02014B50;
    private static final int END = 0x06054B50;
    private static final int LOCATOR_64 = 0x07064B50;
    private static final int END_64 = 0x06064B50;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;
    private static final long UNKNOWN_32 = 0xFFFFFFFFL;
    /// No deflate stream grows by more than this factor.
    private static final long DEFLATE_RATIO = 1032;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(
            ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// A file in the archive.
    ///
    /// @param start where its bytes begin in the archive
    /// @param packed how many bytes it takes in the archive
    /// @param bytes how many bytes it has
    record Entry(String name, boolean deflated, int crc, long start, long packed, long bytes) {}

    /// The bytes of an entry; valid until this and the archive are closed.
    record Content(MemorySegment memory, HostBytes.@Nullable Block block) implements AutoCloseable {
        @Override
        public void close() {
            if (block != null) {
                block.close();
            }
        }
    }

    private final MappedFile file;
    private final MemorySegment memory;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private ZipArchive(MappedFile file) {
        this.file = file;
        this.memory = file.memory();
    }

    /// Opens an archive; closing it closes the file. If it cannot be opened, the file stays open.
    ///
    /// @param limitBytes the most that its deflated entries may hold together
    static ZipArchive of(MappedFile file, long limitBytes) throws IOException {
        ZipArchive zip = new ZipArchive(file);
        file.read(() -> {
            zip.readDirectory(limitBytes);
            return zip;
        });
        return zip;
    }

    static boolean looksLikeOne(MemorySegment memory) {
        return memory.byteSize() >= 4 && (memory.get(INT, 0) == LOCAL || memory.get(INT, 0) == END);
    }

    MappedFile file() {
        return file;
    }

    Path path() {
        return file.origin().path();
    }

    Map<String, Entry> entries() {
        return Collections.unmodifiableMap(entries);
    }

    /// What a message about an entry starts with.
    Origin origin(Entry e) {
        return new Origin(path(), "entry \"" + e.name + "\"");
    }

    // --- directory

    private int u16(long at) {
        return memory.get(SHORT, at) & 0xFFFF;
    }

    private long u32(long at) {
        return memory.get(INT, at) & UNKNOWN_32;
    }

    private DatasetFormatException wrong(long at, String what) {
        return file.origin().error(at, what + "; the zip file is damaged: fetch or copy it again");
    }

    private void readDirectory(long limitBytes) throws DatasetFormatException {
        long end = findEnd();
        long count = u16(end + 10);
        long size = u32(end + 12);
        long start = u32(end + 16);
        if (end >= 20 && memory.get(INT, end - 20) == LOCATOR_64) {
            long at = memory.get(LONG, end - 12);
            if (at < 0 || at > end - 20 - 56 || memory.get(INT, at) != END_64) {
                throw wrong(end - 12, "expected the place of a zip64 end record, found " + at);
            }
            count = memory.get(LONG, at + 32);
            size = memory.get(LONG, at + 40);
            start = memory.get(LONG, at + 48);
        }
        if (start < 0 || size < 0 || start > end || size > end - start || count < 0 || count > size / 46) {
            throw wrong(end, "claims a directory of " + count + " entries in " + size + " bytes at byte " + start
                    + ", in a file of " + file.size());
        }
        long at = start;
        TreeMap<Long, Long> extents = new TreeMap<>();
        long inflated = 0;
        for (long i = 0; i < count; i++) {
            if (at + 46 > start + size || memory.get(INT, at) != CENTRAL) {
                throw wrong(at, "expected entry " + (i + 1) + " of " + count + " of the directory");
            }
            long next = at + 46 + u16(at + 28) + u16(at + 30) + u16(at + 32);
            if (next > start + size) {
                throw wrong(at, "an entry of the directory reaches over its end");
            }
            Entry e = entry(at, start, extents);
            if (entries.putIfAbsent(e.name, e) != null) {
                throw wrong(at, "there are two entries \"" + e.name + "\"");
            }
            if (e.deflated) {
                inflated += e.bytes;
                if (inflated < 0 || inflated > limitBytes) {
                    throw file.origin().error("decompresses to more than the limit of " + limitBytes
                            + " bytes; if it is right, pass a higher limit");
                }
            }
            at = next;
        }
        long free = 0;
        for (var extent : extents.entrySet()) {
            if (extent.getKey() < free) {
                throw wrong(extent.getKey(), "two entries overlap");
            }
            free = extent.getValue();
        }
    }

    private long findEnd() throws DatasetFormatException {
        long last = file.size() - 22;
        for (long at = last; at >= 0 && at >= last - 0xFFFF; at--) {
            if (memory.get(INT, at) == END && at + 22 + u16(at + 20) == file.size()) {
                return at;
            }
        }
        throw file.origin().error("has no end of a zip directory within its last 64 KB: it is cut short, or no zip"
                + " file; fetch or copy it again");
    }

    private Entry entry(long at, long directory, TreeMap<Long, Long> extents) throws DatasetFormatException {
        int flags = u16(at + 8);
        int method = u16(at + 10);
        int nameLength = u16(at + 28);
        byte[] nameBytes = memory.asSlice(at + 46, nameLength).toArray(ValueLayout.JAVA_BYTE);
        String name = new String(nameBytes, StandardCharsets.UTF_8);
        if ((flags & 1) != 0 || method != STORED && method != DEFLATED) {
            throw file.origin().error(at, "entry \"" + name + "\" is encrypted or compressed by method " + method
                    + "; only stored and deflated ones can be read: pack the file again");
        }
        long[] extended = {u32(at + 24), u32(at + 20), u32(at + 42)};
        readZip64(at + 46 + nameLength, u16(at + 30), extended, name);
        long bytes = extended[0];
        long packed = extended[1];
        long local = extended[2];
        if (local < 0 || local > directory - 30 || memory.get(INT, local) != LOCAL) {
            throw wrong(at, "entry \"" + name + "\" should begin at byte " + local + " and does not");
        }
        long start = local + 30 + u16(local + 26) + u16(local + 28);
        if (packed < 0 || start > directory || packed > directory - start) {
            throw wrong(at, "entry \"" + name + "\" claims " + packed + " bytes from byte " + start
                    + ", more than there are");
        }
        boolean deflated = method == DEFLATED;
        if (bytes < 0 || (deflated ? bytes / DEFLATE_RATIO > packed : bytes != packed)) {
            throw wrong(at, "entry \"" + name + "\" claims " + bytes + " bytes from " + packed
                    + (deflated ? " deflated" : " stored") + " ones");
        }
        // Two entries of the same place overlap even if they have no bytes: their headers do.
        if (extents.put(local, start + packed) != null) {
            throw wrong(local, "two entries overlap");
        }
        return new Entry(name, deflated, memory.get(INT, at + 16), start, packed, bytes);
    }

    /// Sizes and places that do not fit 32 bits follow in an extra field, only those, in this order.
    private void readZip64(long at, int length, long[] values, String name) throws DatasetFormatException {
        long end = at + length;
        long p = at;
        while (p + 4 <= end) {
            int id = u16(p);
            long next = p + 4 + u16(p + 2);
            if (next > end) {
                break;
            }
            if (id == 1) {
                long field = p + 4;
                for (int i = 0; i < values.length; i++) {
                    if (values[i] == UNKNOWN_32) {
                        if (field + 8 > next) {
                            throw wrong(p, "entry \"" + name + "\" has a zip64 field that is too short");
                        }
                        values[i] = memory.get(LONG, field);
                        field += 8;
                    }
                }
                return;
            }
            p = next;
        }
    }

    // --- content

    /// The bytes of an entry from its first, without looking at the checksum.
    ReadableByteChannel channel(Entry e) {
        MemorySegment packed = memory.asSlice(e.start, e.packed);
        return e.deflated ? new InflatingChannel(origin(e), packed) : new MappedFile.Channel(packed);
    }

    /// The bytes of an entry.
    ///
    /// @param checked whether to compare a stored entry with its checksum, which reads all of it; deflated ones always
    ///     are
    /// @throws DatasetFormatException if they do not decompress to the size and the checksum of the directory
    Content read(Entry e, boolean checked) throws IOException {
        return file.read(() -> {
            MemorySegment packed = memory.asSlice(e.start, e.packed);
            if (!e.deflated) {
                if (checked) {
                    checkCrc(e, packed);
                }
                return new Content(packed, null);
            }
            try (InflatingChannel channel = new InflatingChannel(origin(e), packed)) {
                HostBytes.Block block = HostBytes.receive(origin(e), channel, e.bytes, "what it decompresses to");
                try {
                    if (channel.read(ByteBuffer.allocate(1)) >= 0) {
                        throw origin(e).error("decompresses to more than the " + e.bytes + " bytes it claims");
                    }
                    checkCrc(e, block.memory());
                } catch (Throwable t) {
                    block.close();
                    throw t;
                }
                return new Content(block.memory(), block);
            }
        });
    }

    private void checkCrc(Entry e, MemorySegment content) throws DatasetFormatException {
        int found = crc(content);
        if (found != e.crc) {
            throw origin(e).error(String.format("has checksum %08x, its directory says %08x: it is damaged; fetch or"
                    + " copy the file again", found, e.crc));
        }
    }

    private static int crc(MemorySegment content) {
        CRC32 crc = new CRC32();
        update(crc, content);
        return (int) crc.getValue();
    }

    static void update(CRC32 crc, MemorySegment content) {
        int chunk = 1 << 24;
        for (long at = 0; at < content.byteSize(); at += chunk) {
            crc.update(content.asSlice(at, Math.min(chunk, content.byteSize() - at)).asByteBuffer());
        }
    }

    @Override
    public void close() {
        file.close();
    }

    /// Decompresses memory.
    private static final class InflatingChannel implements ReadableByteChannel {
        private static final int CHUNK = 1 << 20;

        private final Inflater inflater = new Inflater(true);
        private final Origin origin;
        private final MemorySegment packed;
        private long fed;

        InflatingChannel(Origin origin, MemorySegment packed) {
            this.origin = origin;
            this.packed = packed;
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            try {
                while (true) {
                    int n = inflater.inflate(into);
                    if (n > 0) {
                        return n;
                    }
                    if (inflater.finished()) {
                        return -1;
                    }
                    if (inflater.needsDictionary() || fed == packed.byteSize()) {
                        throw origin.error("does not decompress: it ends too early");
                    }
                    long more = Math.min(CHUNK, packed.byteSize() - fed);
                    inflater.setInput(packed.asSlice(fed, more).asByteBuffer());
                    fed += more;
                }
            } catch (DataFormatException e) {
                throw origin.error("does not decompress: " + e.getMessage(), e);
            }
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            inflater.end();
        }
    }
}
