package dev.tenon.api.spi;

import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// One device at work: its memory, its copies and its kernels. Methods may be called from several threads.
///
/// The framework keeps freed blocks for reuse, slices small tensors from larger blocks, caches prepared kernels and
/// takes
/// care of views, so a backend need not.
public interface DeviceRuntime {
    /// The smallest alignment, in bytes, of tensors that are no views; a power of two.
    default long alignment() {
        return 64;
    }

    /// A new block of device memory, at least [#alignment()]-aligned.
    ///
    /// @throws dev.tenon.api.OutOfMemoryException if the device has none left; the framework frees what it can and asks
    ///     once more
    DeviceMemory allocate(long bytes);

    /// Returns a block to the device.
    void free(DeviceMemory memory);

    /// What people should know of how this device works, in one line, such as which libraries it uses; may be empty.
    default String remark() {
        return "";
    }

    /// The memory of the device in bytes; 0 if unknown.
    default long totalMemory() {
        return 0;
    }

    /// Copies from host memory. Returns when the host memory may be changed again, unless it is pinned: then it may be
    /// changed when the stream has got past this copy.
    void copyFromHost(MemorySegment host, DeviceMemory to, long toOffset, Stream stream);

    /// Copies to host memory; done when the stream has got past it.
    void copyToHost(DeviceMemory from, long fromOffset, MemorySegment host, Stream stream);

    /// Copies within this device.
    void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes, Stream stream);

    /// Copies from another device of the same backend without the host's help, where that is possible: after what that
    /// device's default stream has been given to do, and in the order of this one's.
    ///
    /// @return whether it was done
    default boolean copyFrom(DeviceRuntime other, DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset,
            long bytes) {
        return false;
    }

    /// The block as host memory, where the host can read and write it directly and at once.
    default Optional<MemorySegment> hostView(DeviceMemory memory) {
        return Optional.empty();
    }

    /// Host memory from which and to which this device copies fastest. Released with the arena.
    default MemorySegment pinnedHostMemory(long bytes, Arena arena) {
        return arena.allocate(Math.max(1, bytes), 64);
    }

    /// The stream on which ops run.
    Stream defaultStream();

    /// A further stream, for copies that run beside the computation; the default stream where the device has only one.
    default Stream newStream() {
        return defaultStream();
    }

    /// A kernel for an op with operands and results of the given types, or empty if there is none: a composite is then
    /// decomposed, a primitive with a prologue, an epilogue or several outputs is split into plain ones. Must return
    /// empty, not throw, for ops that this backend does not know.
    Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out);

    /// Whether [#prepareFormatted] may have a kernel for an op that takes its operands in formats. For looking ahead: a
    /// result is left in a format only where all who read it may take one.
    default boolean takesFormats(Op op, List<TensorType> in) {
        return false;
    }

    /// A kernel that takes operands, or gives results, in formats of this device; empty where the plain kernel of
    /// [#prepare] is to be used. Asked by engines that know a whole program before it runs: they bring operands to the
    /// formats that a kernel takes, those that stay the same only once, and bring back what others read. A kernel that
    /// takes an operand in a format is used only where that operand is contiguous.
    default Optional<FormattedKernel> prepareFormatted(Op op, List<TensorType> in, List<TensorType> out,
            FormatRequest request) {
        return Optional.empty();
    }

    /// Records kernels, to run them again with a single launch; empty where the device has no such thing. The work is
    /// done twice, the same both times, and must do nothing but run prepared kernels on the stream that it is given;
    /// nothing is computed by that. The memory that it names must stay what it is for as long as the recording is used.
    ///
    /// @throws dev.tenon.api.BackendException if a kernel cannot be recorded
    default Optional<Replay> record(Consumer<Stream> work) {
        return Optional.empty();
    }
}
