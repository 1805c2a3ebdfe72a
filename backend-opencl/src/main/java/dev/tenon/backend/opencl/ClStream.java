package dev.tenon.backend.opencl;

import static org.jocl.CL.CL_COMPLETE;
import static org.jocl.CL.CL_EVENT_COMMAND_EXECUTION_STATUS;
import static org.jocl.CL.clEnqueueBarrierWithWaitList;
import static org.jocl.CL.clEnqueueMarkerWithWaitList;
import static org.jocl.CL.clFinish;
import static org.jocl.CL.clFlush;
import static org.jocl.CL.clGetEventInfo;
import static org.jocl.CL.clReleaseEvent;
import static org.jocl.CL.clWaitForEvents;

import dev.tenon.api.spi.Event;
import dev.tenon.api.spi.Stream;
import java.lang.ref.Cleaner;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;

/// An in-order command queue.
record ClStream(String device, cl_command_queue queue) implements Stream {
    private static final Cleaner CLEANER = Cleaner.create();

    static ClStream of(Stream s) {
        return (ClStream) s;
    }

    @Override
    public Event record() {
        try {
            cl_event e = new cl_event();
            clEnqueueMarkerWithWaitList(queue, 0, null, e);
            // Another queue may wait for the mark: what leads to it must reach the device.
            clFlush(queue);
            return new Mark(device, e);
        } catch (CLException e) {
            throw Errors.of(device + ": marking a stream", e);
        }
    }

    @Override
    public void waitFor(Event event) {
        if (!(event instanceof Mark mark)) {
            event.synchronize();
            return;
        }
        try {
            clEnqueueBarrierWithWaitList(queue, 1, new cl_event[] {mark.event}, null);
        } catch (CLException e) {
            throw Errors.of(device + ": waiting for an event", e);
        }
    }

    @Override
    public void synchronize() {
        try {
            clFinish(queue);
        } catch (CLException e) {
            throw Errors.of(device + ": waiting for the device", e);
        }
    }

    private static final class Mark implements Event {
        private final String device;
        private final cl_event event;

        Mark(String device, cl_event event) {
            this.device = device;
            this.event = event;
            CLEANER.register(this, () -> clReleaseEvent(event));
        }

        @Override
        public boolean isDone() {
            int[] status = new int[1];
            try {
                clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, 4, Pointer.to(status), null);
            } catch (CLException e) {
                throw Errors.of(device + ": asking for an event", e);
            }
            if (status[0] < 0) {
                throw Errors.of(device + ": a command failed", new CLException("", status[0]));
            }
            return status[0] == CL_COMPLETE;
        }

        @Override
        public void synchronize() {
            try {
                clWaitForEvents(1, new cl_event[] {event});
            } catch (CLException e) {
                throw Errors.of(device + ": waiting for an event", e);
            }
        }
    }
}
