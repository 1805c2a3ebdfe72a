package dev.tenon.backend.opencl;

import static org.jocl.CL.CL_COMPLETE;
import static org.jocl.CL.CL_EVENT_COMMAND_EXECUTION_STATUS;
import static org.jocl.CL.CL_QUEUE_PROFILING_ENABLE;
import static org.jocl.CL.clCreateCommandQueue;
import static org.jocl.CL.clEnqueueBarrierWithWaitList;
import static org.jocl.CL.clEnqueueMarkerWithWaitList;
import static org.jocl.CL.clFinish;
import static org.jocl.CL.clFlush;
import static org.jocl.CL.clGetEventInfo;
import static org.jocl.CL.clReleaseCommandQueue;
import static org.jocl.CL.clReleaseEvent;
import static org.jocl.CL.clWaitForEvents;

import dev.tenon.api.spi.Event;
import dev.tenon.api.spi.Stream;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jspecify.annotations.Nullable;

/// An in-order command queue.
final class ClStream implements Stream {
    private static final Cleaner CLEANER = Cleaner.create();
    /// Drivers may sit on what is enqueued until somebody waits for it; after so many commands they are told not to.
    private static final int FLUSH_EVERY = 16;

    private final String name;
    private final Health health;
    private final @Nullable Timeline timeline;
    private final cl_command_queue queue;
    private final AtomicInteger commands = new AtomicInteger();

    /// @param name the row of this queue in a timeline
    // The call that replaces it in OpenCL 2.0 is missing in devices of 1.2.
    @SuppressWarnings("deprecation")
    ClStream(String name, Health health, @Nullable Timeline timeline, cl_context context, cl_device_id device) {
        this.name = name;
        this.health = health;
        this.timeline = timeline;
        cl_command_queue q =
                clCreateCommandQueue(context, device, timeline == null ? 0 : CL_QUEUE_PROFILING_ENABLE, null);
        this.queue = q;
        CLEANER.register(this, () -> clReleaseCommandQueue(q));
        if (timeline != null) {
            timeline.align(q);
        }
    }

    static ClStream of(Stream s) {
        return (ClStream) s;
    }

    /// The queue, to enqueue something on.
    ///
    /// @throws dev.tenon.api.BackendException if the device was lost
    cl_command_queue queue() {
        health.check();
        return queue;
    }

    /// The event that the next command is to have, or null if nobody asks when it runs.
    @Nullable cl_event event() {
        return timeline == null ? null : new cl_event();
    }

    /// Notes that a command was enqueued.
    ///
    /// @param event what [#event()] gave for it
    /// @param what the command's name in a timeline
    /// @param bytes how much it copies, or 0
    void enqueued(@Nullable cl_event event, String what, long bytes) {
        if (timeline != null && event != null) {
            timeline.add(event, name, what, bytes);
        }
        if (commands.incrementAndGet() % FLUSH_EVERY == 0) {
            clFlush(queue);
        }
    }

    @Override
    public Event record() {
        try {
            cl_event e = new cl_event();
            clEnqueueMarkerWithWaitList(queue(), 0, null, e);
            // Another queue may wait for the mark: what leads to it must reach the device.
            clFlush(queue);
            return new Mark(health, e);
        } catch (CLException e) {
            throw health.failed("marking a stream", e);
        }
    }

    @Override
    public void waitFor(Event event) {
        if (!(event instanceof Mark mark)) {
            event.synchronize();
            return;
        }
        try {
            clEnqueueBarrierWithWaitList(queue(), 1, new cl_event[] {mark.event}, null);
        } catch (CLException e) {
            throw health.failed("waiting for an event", e);
        }
    }

    @Override
    public void synchronize() {
        try {
            clFinish(queue());
        } catch (CLException e) {
            throw health.failed("waiting for the device", e);
        }
        if (timeline != null) {
            timeline.drain();
        }
    }

    @Override
    public String toString() {
        return name;
    }

    private static final class Mark implements Event {
        private final Health health;
        private final cl_event event;

        Mark(Health health, cl_event event) {
            this.health = health;
            this.event = event;
            CLEANER.register(this, () -> clReleaseEvent(event));
        }

        @Override
        public boolean isDone() {
            health.check();
            int[] status = new int[1];
            try {
                clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, 4, Pointer.to(status), null);
            } catch (CLException e) {
                throw health.failed("asking for an event", e);
            }
            if (status[0] < 0) {
                throw health.failed("a command failed", new CLException("", status[0]));
            }
            return status[0] == CL_COMPLETE;
        }

        @Override
        public void synchronize() {
            health.check();
            try {
                clWaitForEvents(1, new cl_event[] {event});
            } catch (CLException e) {
                throw health.failed("waiting for an event", e);
            }
        }
    }
}
