package dev.tenon.backend.cuda;

import dev.tenon.api.spi.Event;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cuda.Driver.Handle;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// A stream of a device.
final class CudaStream implements Stream {
    private static final Cleaner CLEANER = Cleaner.create();

    private final CudaContext context;
    private final Handle handle;
    private final @Nullable Recording recording;
    /// Events that nobody waits for any more, to be used again.
    private final ConcurrentLinkedQueue<Handle> idle = new ConcurrentLinkedQueue<>();

    CudaStream(CudaContext context, Handle handle) {
        this(context, handle, null);
    }

    /// @param recording what records the work that is enqueued here; null where it is run
    CudaStream(CudaContext context, Handle handle, @Nullable Recording recording) {
        this.context = context;
        this.handle = handle;
        this.recording = recording;
    }

    @Nullable Recording recording() {
        return recording;
    }

    static CudaStream of(Stream s) {
        return (CudaStream) s;
    }

    Handle handle() {
        return handle;
    }

    @Override
    public Event record() {
        return context.get(() -> "marking a stream", () -> {
            Handle e = idle.poll();
            if (e == null) {
                e = context.driver().createEvent();
            }
            context.driver().recordEvent(e, handle);
            return new Mark(context, e, idle);
        });
    }

    @Override
    public void waitFor(Event event) {
        if (!(event instanceof Mark mark)) {
            event.synchronize();
            return;
        }
        context.run(() -> "waiting for an event", () -> context.driver().waitEvent(handle, mark.event));
        Reference.reachabilityFence(mark);
    }

    @Override
    public void synchronize() {
        context.run(() -> "waiting for the device", () -> context.driver().synchronizeStream(handle));
    }

    private static final class Mark implements Event {
        private final CudaContext context;
        private final Handle event;

        Mark(CudaContext context, Handle event, ConcurrentLinkedQueue<Handle> idle) {
            this.context = context;
            this.event = event;
            CLEANER.register(this, () -> idle.add(event));
        }

        @Override
        public boolean isDone() {
            try {
                return context.get(() -> "asking for an event", () -> context.driver().isEventDone(event));
            } finally {
                Reference.reachabilityFence(this);
            }
        }

        @Override
        public void synchronize() {
            try {
                context.run(() -> "waiting for an event", () -> context.driver().synchronizeEvent(event));
            } finally {
                Reference.reachabilityFence(this);
            }
        }
    }
}
