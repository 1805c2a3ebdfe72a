package dev.tenon.backend.opencl;

import static org.jocl.CL.CL_COMPLETE;
import static org.jocl.CL.CL_EVENT_COMMAND_EXECUTION_STATUS;
import static org.jocl.CL.CL_PROFILING_COMMAND_END;
import static org.jocl.CL.CL_PROFILING_COMMAND_START;
import static org.jocl.CL.clEnqueueMarkerWithWaitList;
import static org.jocl.CL.clFinish;
import static org.jocl.CL.clGetEventInfo;
import static org.jocl.CL.clGetEventProfilingInfo;
import static org.jocl.CL.clReleaseEvent;

import dev.tenon.api.spi.TraceFile;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;
import org.jspecify.annotations.Nullable;

/// When each command of a device's queues ran, by the device's own clock, for `-Dtenon.trace`.
final class Timeline {
    private static final int OFTEN = 256;

    private record Command(cl_event event, String queue, String name, long bytes, long enqueued) {}

    private final TraceFile file;
    private final ArrayDeque<Command> pending = new ArrayDeque<>();
    /// What turns the device's time into the host's.
    private @Nullable Long offset;
    private int added;

    private Timeline(TraceFile file) {
        this.file = file;
        file.beforeEnd(this::drain);
    }

    /// A timeline if the property asks for one, otherwise null.
    static @Nullable Timeline ofProcess() {
        TraceFile f = TraceFile.ofProcess(TraceFile.PROPERTY);
        return f == null ? null : new Timeline(f);
    }

    /// Compares the clocks, at the first queue, which must be made for profiling.
    synchronized void align(cl_command_queue queue) {
        if (offset != null) {
            return;
        }
        cl_event mark = new cl_event();
        clEnqueueMarkerWithWaitList(queue, 0, null, mark);
        clFinish(queue);
        offset = System.nanoTime() - time(mark, CL_PROFILING_COMMAND_END);
        clReleaseEvent(mark);
    }

    /// Notes a command that was enqueued just now; takes over the event.
    synchronized void add(cl_event event, String queue, String name, long bytes) {
        pending.add(new Command(event, queue, name, bytes, System.nanoTime()));
        if (++added % OFTEN == 0) {
            drain();
        }
    }

    /// Writes what has been done so far.
    synchronized void drain() {
        Iterator<Command> it = pending.iterator();
        while (it.hasNext()) {
            Command c = it.next();
            try {
                int[] status = new int[1];
                clGetEventInfo(c.event, CL_EVENT_COMMAND_EXECUTION_STATUS, 4, Pointer.to(status), null);
                if (status[0] > CL_COMPLETE) {
                    continue;
                }
                if (status[0] == CL_COMPLETE) {
                    write(c);
                }
                clReleaseEvent(c.event);
            } catch (CLException e) {
                // A picture without this command; that the device failed is reported where the command was waited for.
                file.add(c.queue, c.name + " failed", c.enqueued, c.enqueued, Map.of());
            }
            it.remove();
        }
        file.flush();
    }

    private void write(Command c) {
        long shift = offset == null ? 0 : offset;
        Map<String, Number> args = new LinkedHashMap<>();
        args.put("enqueued", TraceFile.micros(c.enqueued));
        if (c.bytes > 0) {
            args.put("bytes", c.bytes);
        }
        file.add(c.queue, c.name, shift + time(c.event, CL_PROFILING_COMMAND_START),
                shift + time(c.event, CL_PROFILING_COMMAND_END), args);
    }

    private static long time(cl_event event, int which) {
        long[] nanos = new long[1];
        clGetEventProfilingInfo(event, which, 8, Pointer.to(nanos), null);
        return nanos[0];
    }
}
