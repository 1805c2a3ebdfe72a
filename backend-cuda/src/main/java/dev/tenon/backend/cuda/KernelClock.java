package dev.tenon.backend.cuda;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.Kernel;
import dev.tenon.backend.cuda.Driver.Handle;
import dev.tenon.kernel.Trial;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Times kernels on the device, so that the faster of several can be chosen: see [dev.tenon.kernel.Tuner].
final class KernelClock {
    /// Measurements, of which the shortest counts.
    private static final int ROUNDS = 3;
    /// Runs in each.
    private static final int RUNS = 5;
    private static final int ALIGNMENT = 256;
    /// Operands are filled with zeros in pieces of so many bytes.
    private static final long PIECE = 16 << 20;

    private final CudaRuntime runtime;
    private final CudaContext context;

    KernelClock(CudaRuntime runtime, CudaContext context) {
        this.runtime = runtime;
        this.context = context;
    }

    /// How many seconds a run takes, with operands that are all zero, in memory of its own. Not while a stream is being
    /// recorded.
    ///
    /// @throws dev.tenon.api.BackendException if the kernel fails or there is no memory for its operands
    double seconds(Kernel kernel, List<TensorType> in, List<TensorType> out, Scalars scalars) {
        Trial trial = Trial.of(in, out, kernel.workspaceBytes(), ALIGNMENT);
        CudaStream stream = CudaStream.of(runtime.defaultStream());
        Driver driver = context.driver();
        DeviceMemory memory = runtime.allocate(trial.bytes());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment zeros = arena.allocate(Math.min(PIECE, trial.inputBytes()), 64);
            for (long at = 0; at < trial.inputBytes(); at += PIECE) {
                runtime.copyFromHost(zeros.asSlice(0, Math.min(PIECE, trial.inputBytes() - at)), memory, at, stream);
            }
            Handle start = context.get(() -> "making an event", driver::createTimedEvent);
            Handle end = context.get(() -> "making an event", driver::createTimedEvent);
            try {
                // The first run may still load and set things up.
                trial.run(kernel, stream, memory, scalars);
                double least = Double.POSITIVE_INFINITY;
                for (int round = 0; round < ROUNDS; round++) {
                    context.run(() -> "marking a stream", () -> driver.recordEvent(start, stream.handle()));
                    for (int run = 0; run < RUNS; run++) {
                        trial.run(kernel, stream, memory, scalars);
                    }
                    context.run(() -> "marking a stream", () -> driver.recordEvent(end, stream.handle()));
                    least = Math.min(least, context.get(() -> "timing a kernel", () -> {
                        driver.synchronizeEvent(end);
                        return driver.elapsedMillis(start, end);
                    }));
                }
                return least * 1e-3 / RUNS;
            } finally {
                context.run(() -> "freeing events", () -> {
                    driver.destroyEvent(start);
                    driver.destroyEvent(end);
                });
            }
        } finally {
            runtime.free(memory);
        }
    }
}
