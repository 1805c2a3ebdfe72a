package dev.tenon.nn.train;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/// Knows in which layer a computation is: forward by hooks around the modules, backward by hooks on what they gave.
final class LayerTrail implements AutoCloseable {
    private final Deque<String> inside = new ArrayDeque<>();
    private final Set<Tensor> marked = Collections.newSetFromMap(new WeakHashMap<>());
    private final List<Runnable> undo = new ArrayList<>();
    private @Nullable String backward;

    LayerTrail(Module model) {
        model.namedModules().forEach((name, m) -> {
            String layer = (name.isEmpty() ? "the model" : name) + " (" + m.getClass().getSimpleName() + ")";
            undo.add(m.registerForwardPreHook((_, in) -> {
                inside.push(layer);
                return in;
            }));
            undo.add(m.registerForwardHook((_, _, out) -> {
                inside.pop();
                // The innermost of several modules with the same output is the first to come by.
                out.stream().filter(t -> t.requiresGrad() && marked.add(t)).forEach(t -> t.registerHook(g -> {
                    backward = layer;
                    return g;
                }));
                return out;
            }));
        });
    }

    /// Forgets the step before.
    void begin() {
        inside.clear();
        backward = null;
    }

    /// Where the computation is, or null outside of all layers.
    @Nullable String layer() {
        return inside.isEmpty() ? backward : inside.peek();
    }

    @Override
    public void close() {
        undo.forEach(Runnable::run);
    }
}
