package dev.tenon.api.spi;

import dev.tenon.api.op.Scalars;
import java.util.List;

/// Kernels that were recorded by [DeviceRuntime#record] and run again with a single launch: on the same memory, with
/// other numbers.
public interface Replay extends AutoCloseable {
    /// Enqueues all of them on a stream.
    ///
    /// @param numbers for each run of a kernel that was recorded, in their order, its numbers
    void run(Stream stream, List<Scalars> numbers);

    /// Gives back what the recording takes. Replays that are enqueued already are still done.
    @Override
    void close();
}
