package dev.tenon.data;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Event;
import dev.tenon.api.spi.Stream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/// Copies batches to a device ahead of their use, on a stream of their own, while the model computes.
///
/// The copies go to memory that belongs to this object, not to freshly allocated tensors: a freed block that the
/// allocator hands out again may still be read by work enqueued earlier on the default stream, and the copy stream
/// would not wait for it. From there a copy within the device, on the default stream, makes the batch's tensors.
final class Staging implements AutoCloseable {
    private static final int STAGES = 2;

    /// Device memory for one batch, and the point of the default stream after which it may be overwritten.
    private static final class Stage {
        final List<Tensor> memory = new ArrayList<>();
        @Nullable Event consumed;
    }

    private record Staged(@Nullable Stage stage, List<Field> fields, long[] indices, long number,
            @Nullable Event copied, @Nullable RuntimeException failure) {}

    private final Device device;
    private final DeviceRuntime runtime;
    private final Stream stream;
    private final List<Field> fields;
    private final Pipeline pipeline;
    private final LoaderClock clock;
    private final LinkedBlockingQueue<Stage> free = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Staged> ready = new LinkedBlockingQueue<>();
    private final List<Stage> stages = new ArrayList<>();
    private final Thread thread;

    Staging(Device device, List<Field> fields, int batchSize, Pipeline pipeline, LoaderClock clock,
            ThreadFactory threads) {
        this.clock = clock;
        this.device = device;
        this.runtime = device.runtime();
        this.stream = runtime.newStream();
        this.fields = fields;
        this.pipeline = pipeline;
        for (int i = 0; i < STAGES; i++) {
            Stage s = new Stage();
            for (Field f : fields) {
                // alias(): in no scope
                Tensor t = Tensors.empty(f.shape().inserted(0, batchSize), f.dtype(), device);
                s.memory.add(t.alias());
                t.close();
            }
            s.consumed = runtime.defaultStream().record();
            stages.add(s);
            free.add(s);
        }
        thread = threads.newThread(this::work);
        thread.start();
    }

    /// Whether a device needs this: its memory is not directly the host's.
    static boolean needed(Device device) {
        try (Tensor t = Tensors.empty(Shape.of(1), DType.F32, device)) {
            return device.runtime().hostView(t.memory()).isEmpty();
        }
    }

    private void work() {
        try {
            while (true) {
                Pipeline.Result r = pipeline.take();
                if (r == null) {
                    ready.add(new Staged(null, fields, new long[0], -1, null, null));
                    return;
                }
                HostBatch batch = r.batch();
                if (batch == null || r.failure() != null) {
                    ready.add(new Staged(null, fields, new long[0], r.number(), null, r.failure()));
                    return;
                }
                copy(batch);
            }
        } catch (InterruptedException e) {
            // closed
            Thread.currentThread().interrupt();
        } catch (RuntimeException | LinkageError e) {
            ready.add(new Staged(null, fields, new long[0], -1, null,
                new DataLoaderException(
                    "copying a batch to " + device + " failed: " + SampleException.describe(e), e)));
        }
    }

    private void copy(HostBatch batch) throws InterruptedException {
        Stage s = free.take();
        long start = System.nanoTime();
        Event consumed = s.consumed;
        if (consumed != null) {
            stream.waitFor(consumed);
        }
        for (int f = 0; f < fields.size(); f++) {
            Tensor to = s.memory.get(f);
            MemorySegment from = batch.memory(f);
            if (from.byteSize() > 0) {
                runtime.copyFromHost(from, to.memory(), to.byteOffset(), stream);
            }
        }
        Event copied = stream.record();
        ready.add(new Staged(s, batch.fields(), batch.indices(), batch.number(), copied, null));
        copied.synchronize();
        clock.add(LoaderClock.Stage.COPY, start, System.nanoTime(), batch.number());
        pipeline.release(batch);
    }

    /// The next batch; null at the end.
    @Nullable Batch take(long epoch, long number) throws InterruptedException {
        long start = System.nanoTime();
        Staged staged = ready.take();
        long got = System.nanoTime();
        clock.add(LoaderClock.Stage.WAIT, start, got, number);
        if (staged.failure != null) {
            throw staged.failure;
        }
        Stage s = staged.stage;
        Event copied = staged.copied;
        if (s == null || copied == null) {
            // the end: said again to whoever asks again
            ready.add(staged);
            return null;
        }
        Stream main = runtime.defaultStream();
        main.waitFor(copied);
        List<Tensor> tensors = new ArrayList<>();
        for (int f = 0; f < fields.size(); f++) {
            Field field = staged.fields.get(f);
            Tensor from = s.memory.get(f);
            Tensor to = Tensors.empty(field.shape().inserted(0, staged.indices.length), field.dtype(), device);
            long bytes = staged.indices.length * field.bytes();
            if (bytes > 0) {
                runtime.copy(from.memory(), from.byteOffset(), to.memory(), to.byteOffset(), bytes, main);
            }
            tensors.add(to);
        }
        s.consumed = main.record();
        free.add(s);
        clock.add(LoaderClock.Stage.COPY, got, System.nanoTime(), staged.number);
        return new Batch(tensors, staged.fields, staged.indices, epoch, staged.number);
    }

    /// Ends the copying. The pipeline must have been cancelled.
    @Override
    public void close() {
        // It waits nowhere but in our own queues.
        thread.interrupt();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        stream.synchronize();
        stages.forEach(s -> s.memory.forEach(Tensor::close));
    }
}
