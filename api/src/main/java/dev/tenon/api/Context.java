package dev.tenon.api;

import dev.tenon.api.spi.OpPolicy;
import dev.tenon.api.spi.Recorder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The modes of the current thread: whether gradients are tracked, the open scope, a running capture, anomaly
/// detection, a policy for ops.
///
/// There are no process-wide modes. A thread starts with gradients on and nothing open; whoever starts workers hands on
/// the modes with [#propagate(Runnable)].
public final class Context {
    private static final ThreadLocal<Context> CURRENT = ThreadLocal.withInitial(Context::new);

    boolean gradients = true;
    boolean anomalies;
    @Nullable Scope scope;
    @Nullable Recorder recorder;
    @Nullable OpPolicy policy;

    private Context() {}

    static Context current() {
        return CURRENT.get();
    }

    /// An open change of a mode; closing it restores what was before.
    public interface Mode extends AutoCloseable {
        @Override
        void close();
    }

    /// Turns gradient tracking off on this thread until closed: `try (var _ = Context.noGrad()) { ... }`.
    public static Mode noGrad() {
        return gradients(false);
    }

    /// Turns gradient tracking on or off on this thread until closed.
    public static Mode gradients(boolean on) {
        Context c = current();
        boolean before = c.gradients;
        c.gradients = on;
        return () -> c.gradients = before;
    }

    /// Computes a value without tracking gradients.
    public static <T extends @Nullable Object> T noGrad(Supplier<T> body) {
        try (Mode _ = noGrad()) {
            return body.get();
        }
    }

    /// Whether this thread tracks gradients.
    public static boolean tracksGradients() {
        return current().gradients;
    }

    /// Checks every result on this thread, forward and backward, for NaN until closed; the first op that makes one from
    /// operands without throws a [TensorException] that names it. Slow: it reads every result.
    public static Mode detectAnomalies() {
        Context c = current();
        boolean before = c.anomalies;
        c.anomalies = true;
        return () -> c.anomalies = before;
    }

    /// Whether this thread checks results for NaN.
    public static boolean detectsAnomalies() {
        return current().anomalies;
    }

    /// Lets a recorder take this thread's ops until closed; null lets them run.
    public static Mode recording(@Nullable Recorder recorder) {
        Context c = current();
        Recorder before = c.recorder;
        c.recorder = recorder;
        return () -> c.recorder = before;
    }

    /// Whether a recorder takes this thread's ops.
    public static boolean isRecording() {
        return current().recorder != null;
    }

    /// The recorder that takes this thread's ops, or null.
    public static @Nullable Recorder recorder() {
        return current().recorder;
    }

    /// Lets a policy run this thread's ops until closed; null for none.
    public static Mode policy(@Nullable OpPolicy policy) {
        Context c = current();
        OpPolicy before = c.policy;
        c.policy = policy;
        return () -> c.policy = before;
    }

    /// The policy that runs this thread's ops, or null.
    public static @Nullable OpPolicy policy() {
        return current().policy;
    }

    /// Makes tensors belong to no scope until closed, for what must outlive the open one: gradients, optimiser state.
    public static Mode unscoped() {
        Context c = current();
        Scope before = c.scope;
        c.scope = null;
        return () -> c.scope = before;
    }

    /// The task with this thread's modes, to be run on another thread. The open scope is not handed on: what the task
    /// makes belongs to no scope.
    public static Runnable propagate(Runnable task) {
        Context from = current();
        boolean gradients = from.gradients;
        boolean anomalies = from.anomalies;
        Recorder recorder = from.recorder;
        OpPolicy policy = from.policy;
        return () -> {
            Context to = current();
            Context saved = new Context();
            saved.set(to.gradients, to.anomalies, to.recorder, to.policy);
            to.set(gradients, anomalies, recorder, policy);
            try {
                task.run();
            } finally {
                to.set(saved.gradients, saved.anomalies, saved.recorder, saved.policy);
            }
        };
    }

    private void set(
            boolean gradients, boolean anomalies, @Nullable Recorder recorder, @Nullable OpPolicy policy) {
        this.gradients = gradients;
        this.anomalies = anomalies;
        this.recorder = recorder;
        this.policy = policy;
    }
}
