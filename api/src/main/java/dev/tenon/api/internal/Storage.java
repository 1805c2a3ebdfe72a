package dev.tenon.api.internal;

import dev.tenon.api.TensorException;
import dev.tenon.api.spi.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// The memory of one tensor and its views: counted references, and a version that rises with every change in place.
public final class Storage {
    private static final VarHandle REFERENCES;

    static {
        try {
            REFERENCES = MethodHandles.lookup().findVarHandle(Storage.class, "references", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final @Nullable MemoryPool pool;
    private final MemoryPool.@Nullable Block block;
    private final long bytes;
    private MemoryPool.@Nullable Net net;
    private volatile int references = 1;
    private int version;

    Storage(MemoryPool pool, MemoryPool.Block block, long bytes) {
        this.pool = pool;
        this.block = block;
        this.bytes = bytes;
    }

    /// Stands for the memory of a tensor that a capture will have computed when its graph runs.
    public Storage(long bytes) {
        this.pool = null;
        this.block = null;
        this.bytes = bytes;
    }

    /// Whether this only stands for memory.
    public boolean isSymbolic() {
        return block == null;
    }

    private MemoryPool.Block block() {
        MemoryPool.Block b = block;
        if (b == null) {
            throw new TensorException("a tensor inside a capture stands for a value that is computed when the graph"
                    + " runs: it has no memory; return it from the captured function and read it after a run");
        }
        return b;
    }

    void net(MemoryPool.Net n) {
        this.net = n;
    }

    /// The size in bytes that was asked for.
    public long bytes() {
        return bytes;
    }

    /// The block of device memory within which this lies.
    public DeviceMemory memory() {
        return block().chunk().memory();
    }

    /// Where in the block this lies.
    public long byteOffset() {
        return block().offset();
    }

    /// The whole block as host memory, or null where the host cannot read it.
    public @Nullable MemorySegment host() {
        return block().chunk().host();
    }

    /// How often this was changed in place.
    public int version() {
        return version;
    }

    /// Notes a change in place.
    public void touch() {
        version++;
    }

    /// Whether no handle is left.
    public boolean isFreed() {
        return references <= 0;
    }

    /// Whether there is more than one handle.
    public boolean isShared() {
        return references > 1;
    }

    /// One more handle.
    public Storage retain() {
        REFERENCES.getAndAdd(this, 1);
        return this;
    }

    /// One handle fewer; at the last one the memory is free for reuse.
    public void release() {
        if ((int) REFERENCES.getAndAdd(this, -1) == 1) {
            MemoryPool.Net n = net;
            if (n != null && pool != null) {
                pool.release(n);
            }
        }
    }
}
