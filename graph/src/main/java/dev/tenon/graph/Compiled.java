package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Traceable;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.OpPolicy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A function that runs by graphs; made by [Graphs#compile]. May be called from several threads.
public final class Compiled {
    private static final System.Logger LOG = System.getLogger(Compiled.class.getName());

    /// What decides which graph a call runs.
    private record Signature(List<TensorType> types, List<Device> devices, List<Boolean> gradients, boolean tracked,
            List<Object> modes, List<Tensor> state, List<Boolean> stateGradients, @Nullable OpPolicy policy) {}

    /// How calls of a signature run: by a graph, or, for a reason, not.
    private record Entry(@Nullable Differentiable function, @Nullable String reason) {}

    private final Function<List<Tensor>, List<Tensor>> fn;
    private final List<Traceable> models;
    private final CompileOptions options;
    private final Map<Signature, Entry> cache;
    private final Set<String> reasons = new LinkedHashSet<>();

    Compiled(Function<List<Tensor>, List<Tensor>> fn, List<Traceable> models, CompileOptions options) {
        this.fn = fn;
        this.models = models;
        this.options = options;
        this.cache = new LinkedHashMap<>(16, 0.75f, true);
    }

    /// The result for one tensor.
    public Tensor call(Tensor x) {
        return call(List.of(x)).getFirst();
    }

    /// The results for some tensors.
    public List<Tensor> call(List<Tensor> inputs) {
        if (Context.isRecording()) {
            return fn.apply(inputs);
        }
        Signature s = signature(inputs);
        Entry e;
        synchronized (cache) {
            e = cache.get(s);
            if (e == null) {
                e = entry(inputs, s);
                cache.put(s, e);
                if (cache.size() > options.cacheSize()) {
                    var oldest = cache.values().iterator();
                    release(oldest.next());
                    oldest.remove();
                }
            }
        }
        return e.function == null ? fn.apply(inputs) : e.function.call(inputs);
    }

    private Signature signature(List<Tensor> inputs) {
        List<Tensor> state = new ArrayList<>();
        models.forEach(m -> state.addAll(m.tensors().values()));
        boolean tracked = Context.tracksGradients();
        return new Signature(inputs.stream().map(t -> TensorType.of(t.dtype(), t.shape())).toList(),
                inputs.stream().map(Tensor::device).toList(),
                inputs.stream().map(t -> tracked && t.requiresGrad()).toList(), tracked,
                models.stream().map(Traceable::mode).toList(), state,
                state.stream().map(t -> tracked && t.requiresGrad()).toList(), Context.policy());
    }

    private Entry entry(List<Tensor> inputs, Signature s) {
        try {
            return new Entry(Differentiable.capture(fn, inputs, s.gradients, Graphs.names(models), options), null);
        } catch (CaptureException e) {
            String reason = e.getMessage();
            if (reasons.add(reason)) {
                LOG.log(System.Logger.Level.WARNING, "a function runs without a graph: {0}", reason);
            }
            return new Entry(null, reason);
        }
    }

    /// Why calls ran the function itself rather than a graph, each reason once; empty if none did.
    public List<String> fallbacks() {
        synchronized (cache) {
            return List.copyOf(reasons);
        }
    }

    /// The graphs that are kept, the one used last at the end: of forward passes, and after each that of its backward
    /// pass if it has one.
    public List<Graph> graphs() {
        List<Graph> out = new ArrayList<>();
        synchronized (cache) {
            for (Entry e : cache.values()) {
                if (e.function != null) {
                    out.addAll(e.function.graphs());
                }
            }
        }
        return out;
    }

    /// Forgets all graphs.
    public void clear() {
        synchronized (cache) {
            cache.values().forEach(Compiled::release);
            cache.clear();
        }
    }

    private static void release(Entry e) {
        if (e.function != null) {
            e.function.graphs().forEach(Graph::releaseMemory);
        }
    }

    static TensorException onlyOnce() {
        return new TensorException("the gradient of a compiled function cannot itself be differentiated unless that is"
                + " asked for: compile with CompileOptions.DEFAULT.secondDerivatives(true), or use the function itself"
                + " where createGraph is wanted");
    }
}
