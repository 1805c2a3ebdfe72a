package dev.tenon.nn.metric;

import dev.tenon.api.BackendException;
import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Checkpoint;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// A number, or several, that says how good predictions are: gathered batch by batch, then read.
///
/// ```java
/// var accuracy = new Accuracy();
/// for (Batch batch : loader) {
///     accuracy.update(model.call(batch.input()), batch.target());
/// }
/// double share = accuracy.value();
/// ```
///
/// What is gathered stays on the device of the predictions, and nothing waits for it until a value is read. Updates
/// track no gradients. A metric is for one thread.
public abstract class Metric implements Checkpoint.Part {
    private static final ConcurrentMap<Device, DType> WIDEST = new ConcurrentHashMap<>();

    private final String name;
    private final Map<String, Tensor> gathered = new LinkedHashMap<>();

    /// @param name the word for it in histories and logs, such as `accuracy`
    protected Metric(String name) {
        this.name = name;
    }

    /// The word for it in histories and logs, such as `accuracy`.
    public final String name() {
        return name;
    }

    /// Takes in a batch.
    ///
    /// @param output what the model said
    /// @param target what it should have said
    /// @throws IllegalArgumentException if the shapes do not fit each other
    public abstract void update(Tensor output, Tensor target);

    /// The values over all that was taken in, by name; NaN where there was nothing to measure. Waits for the device.
    public abstract Map<String, Double> values();

    /// The first of the [#values()].
    ///
    /// @throws IllegalStateException if this metric is no number
    public final double value() {
        return values().values().stream().findFirst().orElseThrow(() ->
                new IllegalStateException("metric " + name + " is no single number"));
    }

    /// Forgets all that was taken in.
    public void reset() {
        gathered.values().forEach(Tensor::close);
        gathered.clear();
    }

    // --- what is gathered

    /// Adds to a sum kept under a name.
    protected final void add(String key, Tensor amount) {
        try (Context.Mode _ = Context.noGrad()) {
            Tensor sum = gathered.get(key);
            if (sum == null) {
                put(key, amount);
            } else if (!sum.shape().equals(amount.shape())) {
                throw new IllegalArgumentException("metric " + name + ": " + amount.shape() + " after " + sum.shape()
                        + ": the model gave another number of outputs than before; reset() in between");
            } else {
                sum.add_(amount);
            }
        }
    }

    /// Keeps the values of a tensor under a name, in the place of those before.
    protected final void put(String key, Tensor value) {
        try (Context.Mode _ = Context.noGrad(); Context.Mode _ = Context.unscoped()) {
            Tensor before = gathered.put(key, value.detach().clone());
            if (before != null) {
                before.close();
            }
        }
    }

    /// What is kept under a name; null before the first.
    protected final @Nullable Tensor get(String key) {
        return gathered.get(key);
    }

    /// What is kept under a name, read to the host; empty before the first.
    protected final double[] read(String key) {
        Tensor t = gathered.get(key);
        return t == null ? new double[0] : t.toDoubleArray();
    }

    /// The widest floating-point dtype that a device computes in: `F64`, or `F32` where it has none. For sums.
    protected static DType widest(Device device) {
        return WIDEST.computeIfAbsent(device, d -> {
            try (Tensor one = Tensors.full(Shape.SCALAR, 1, DType.F64, d); Tensor two = one.add(one)) {
                return two.item() == 2 ? DType.F64 : DType.F32;
            } catch (BackendException e) {
                return DType.F32;
            }
        });
    }

    @Override
    public void save(Map<String, Tensor> tensors, Map<String, String> text) {
        text.put("name", name);
        gathered.forEach((key, t) -> tensors.put(key, t.alias()));
    }

    @Override
    public void load(Map<String, Tensor> tensors, Map<String, String> text) {
        if (!name.equals(text.get("name"))) {
            throw new IllegalArgumentException("metric " + name + ": the state is that of " + text.get("name"));
        }
        reset();
        tensors.forEach(this::put);
    }

    @Override
    public String toString() {
        return name + values();
    }
}
