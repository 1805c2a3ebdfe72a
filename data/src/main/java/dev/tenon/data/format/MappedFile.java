package dev.tenon.data.format;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file that is read as if it were memory, whatever its size; what is not touched is not read.
final class MappedFile implements Closeable {
    private final Origin origin;
    private final Arena arena;
    private final MemorySegment memory;

    private MappedFile(Origin origin, Arena arena, MemorySegment memory) {
        this.origin = origin;
        this.arena = arena;
        this.memory = memory;
    }

    /// @param wanted what the file should hold, for messages: "a .npy file"
    /// @throws IOException if it is no file, or cannot be opened
    static MappedFile open(Path path, String wanted) throws IOException {
        DataFiles.checkReadable(path, wanted);
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment memory = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new MappedFile(Origin.of(path), arena, memory);
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    Origin origin() {
        return origin;
    }

    MemorySegment memory() {
        return memory;
    }

    long size() {
        return memory.byteSize();
    }

    /// Something that reads the mapped bytes.
    @FunctionalInterface
    interface Reading<T> {
        T run() throws IOException;
    }

    /// Reads, and says so if the file shrinks meanwhile; the machine reports that as an error of its own.
    <T> T read(Reading<T> reading) throws IOException {
        try {
            return reading.run();
        } catch (InternalError e) {
            throw origin.error("could not be read to its end, or was cut short by someone else while it was read", e);
        }
    }

    /// Gives the mapping back; memory must not be touched any more.
    @Override
    public void close() {
        arena.close();
    }

    /// The bytes of a piece of memory, one after the other.
    static final class Channel implements ReadableByteChannel {
        private final MemorySegment memory;
        private long position;

        Channel(MemorySegment memory) {
            this.memory = memory;
        }

        long position() {
            return position;
        }

        @Override
        public int read(ByteBuffer into) {
            long n = Math.min(into.remaining(), memory.byteSize() - position);
            if (n == 0) {
                return into.hasRemaining() ? -1 : 0;
            }
            into.put(memory.asSlice(position, n).asByteBuffer());
            position += n;
            return (int) n;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            // The memory belongs to somebody else.
        }
    }
}
