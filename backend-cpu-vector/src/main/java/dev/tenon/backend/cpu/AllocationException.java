package dev.tenon.backend.cpu;

/// Off-heap memory could not be had: carries what was asked for and the figures of the allocator at that moment.
public final class AllocationException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /// The bytes that were asked for.
    public final long requested;
    /// The bytes in use then.
    public final long allocated;
    /// The bytes held from the system then.
    public final long reserved;
    /// The most bytes that may be held.
    public final long limit;

    AllocationException(long requested, long allocated, long reserved, long limit, Throwable cause) {
        super(
                "cpu: cannot allocate " + requested + " bytes: " + allocated + " in use, " + reserved + " reserved, limit " + limit
                        + " (free tensors, close scopes, or raise the limit)",
                cause);
        this.requested = requested;
        this.allocated = allocated;
        this.reserved = reserved;
        this.limit = limit;
    }
}
