package dev.tenon.graph;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import org.jspecify.annotations.Nullable;

/// A block of memory of a plan, and when it is in use.
final class Buffer {
    /// Whose memory it is.
    enum Kind {
        /// A part of the arena, free for others before its first and after its last step.
        ARENA,
        /// Memory of a parameter, a constant or a tensor that a decomposition made: the same in all runs.
        FIXED,
        /// A result of [Kept] steps, the same until a parameter changes.
        KEPT,
        /// Memory of a tensor that a run is given.
        INPUT,
        /// Memory that a run allocates and hands out.
        OUTPUT
    }

    final Device device;
    final long bytes;
    final int input;
    final @Nullable Tensor fixed;
    Kind kind;
    int first = Integer.MAX_VALUE;
    int last = -1;

    /// Where in the arena it begins, in bytes.
    long offset;

    /// The buffer in whose place this one lies, because its step writes over what nobody reads any more.
    private @Nullable Buffer over;

    private Buffer(Kind kind, Device device, long bytes, int input, @Nullable Tensor fixed) {
        this.kind = kind;
        this.device = device;
        this.bytes = bytes;
        this.input = input;
        this.fixed = fixed;
    }

    static Buffer arena(Device device, long bytes) {
        return new Buffer(Kind.ARENA, device, bytes, -1, null);
    }

    static Buffer input(int number, Device device, long bytes) {
        return new Buffer(Kind.INPUT, device, bytes, number, null);
    }

    static Buffer fixed(Tensor t) {
        return new Buffer(Kind.FIXED, t.device(), t.elements() * t.dtype().bytes(), -1, t);
    }

    /// The buffer that stands for all that lie in its place.
    Buffer root() {
        Buffer b = this;
        while (b.over != null) {
            b = b.over;
        }
        return b;
    }

    /// Lets this buffer lie in the place of another, which is not used after this one is first written.
    void putOver(Buffer other) {
        Buffer r = other.root();
        over = r;
        r.last = Math.max(r.last, last);
    }

    /// Forgets where and when it is used, for another plan.
    void reset() {
        first = Integer.MAX_VALUE;
        last = -1;
        offset = 0;
        over = null;
    }

    /// Notes that a step reads or writes it.
    void usedAt(int step) {
        first = Math.min(first, step);
        last = Math.max(last, step);
    }
}
