package dev.tenon.backend.cuda;

import dev.tenon.api.BackendException;
import dev.tenon.api.OutOfMemoryException;
import dev.tenon.backend.cuda.Driver.Handle;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A device's context: everything that is asked of the driver goes through here, with the context made current and
/// failures turned into errors that say what was being done.
///
/// Kernels fail after they were launched: what notices it is some later call. The names of the ops launched of late are
/// kept to say which it may have been; with `-Dtenon.cuda.sync=true` every launch is waited for and the error names the
/// op itself. After such a failure the device computes nothing more in this process, and every further call says so.
final class CudaContext {
    private static final boolean SYNC = Boolean.getBoolean("tenon.cuda.sync");
    private static final int REMEMBERED = 4;

    private final String device;
    private final Driver driver;
    private final Handle context;
    private final boolean sync;
    private final String[] launched = new String[REMEMBERED];
    private int next;
    private volatile @Nullable BackendException lost;

    CudaContext(String device, Driver driver, Handle context) {
        this(device, driver, context, SYNC);
    }

    /// @param sync whether every launch is waited for
    CudaContext(String device, Driver driver, Handle context, boolean sync) {
        this.device = device;
        this.driver = driver;
        this.context = context;
        this.sync = sync;
    }

    /// The device's name, such as `cuda:0`.
    String device() {
        return device;
    }

    Driver driver() {
        return driver;
    }

    Handle handle() {
        return context;
    }

    /// Runs calls of the driver.
    ///
    /// @param what what they are for, such as `allocating 10 bytes`
    void run(Supplier<String> what, Runnable calls) {
        BackendException before = lost;
        if (before != null) {
            throw new BackendException(before.getMessage(), before);
        }
        try {
            driver.makeCurrent(context);
            calls.run();
        } catch (DriverException e) {
            throw error(what.get(), e);
        }
    }

    /// As [#run], with a result.
    <T> T get(Supplier<String> what, Supplier<T> calls) {
        Object[] result = new Object[1];
        run(what, () -> result[0] = calls.get());
        @SuppressWarnings("unchecked")
        T value = (T) result[0];
        return value;
    }

    /// Runs the launches of an op on a stream.
    void launch(String op, CudaStream stream, Runnable calls) {
        run(() -> "launching " + op, calls);
        synchronized (launched) {
            launched[next] = op;
            next = (next + 1) % REMEMBERED;
        }
        if (sync && stream.recording() == null) {
            run(() -> "running " + op, () -> driver.synchronizeStream(stream.handle()));
        }
    }

    private BackendException error(String what, DriverException e) {
        String message = device + ": " + what + ": " + e.getMessage();
        if (e.code() == Driver.OUT_OF_MEMORY) {
            return new OutOfMemoryException(message, e);
        }
        if (!e.isSticky()) {
            return new BackendException(message, e);
        }
        BackendException failure = new BackendException(message + ": a kernel failed" + (sync ? "" : recent())
                + ". The device computes nothing more in this process: start it again", e);
        lost = failure;
        return failure;
    }

    private String recent() {
        StringBuilder s = new StringBuilder();
        synchronized (launched) {
            for (int i = 1; i <= REMEMBERED; i++) {
                String op = launched[Math.floorMod(next - i, REMEMBERED)];
                if (op != null) {
                    s.append(s.isEmpty() ? "" : ", ").append(op);
                }
            }
        }
        return s.isEmpty() ? "" : "; launched last, the latest first: " + s
                + " (-Dtenon.cuda.sync=true tells which it was)";
    }
}
