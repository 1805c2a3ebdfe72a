package dev.tenon.nn;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.Traceable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// A part of a network: parameters, buffers and child modules, registered by name, and a `forward`.
///
/// ```java
/// final class TwoLayerNet extends Module {
///     private final Linear fc1 = register("fc1", new Linear(1000, 100));
///     private final Linear fc2 = register("fc2", new Linear(100, 10));
///     private final Parameter scale = registerParameter("scale", Tensors.ones(10));
///
///     @Override
///     public Tensor forward(Tensor x) {
///         return fc2.call(fc1.call(x).relu()).mul(scale.get());
///     }
/// }
/// ```
///
/// Call modules with [#call(Tensor)], which runs hooks around [#forward(Tensor)]. A module that takes or gives
/// something else than one tensor declares a `forward` of its own signature and a `call` that hands it to
/// [#callHooked]:
///
/// ```java
/// public Tensor call(Tensor a, Tensor b) {
///     return callHooked(List.of(a, b), in -> List.of(forward(in.get(0), in.get(1)))).getFirst();
/// }
/// ```
///
/// Names of what is inside children are dotted, as in PyTorch: `features.0.weight`.
public abstract class Module implements Traceable {
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();
    private final Map<String, Buffer> buffers = new LinkedHashMap<>();
    private final Map<String, Module> children = new LinkedHashMap<>();
    private final List<ForwardPreHook> preHooks = new ArrayList<>(0);
    private final List<ForwardHook> hooks = new ArrayList<>(0);
    private boolean training = true;

    /// A module without parts, in training mode.
    protected Module() {}

    // --- computing

    /// Computes the output for one tensor.
    ///
    /// @throws UnsupportedOperationException if the module does not take a single tensor
    public Tensor forward(Tensor x) {
        throw new UnsupportedOperationException(kind() + " does not map one tensor to one tensor:"
                + " call it by the signature that it declares");
    }

    /// Runs the hooks and [#forward(Tensor)].
    @Override
    public final Tensor call(Tensor x) {
        if (preHooks.isEmpty() && hooks.isEmpty()) {
            return forward(x);
        }
        return callHooked(List.of(x), in -> List.of(forward(in.getFirst()))).getFirst();
    }

    /// Runs the hooks around a forward of any signature; absent inputs and outputs are left out of the lists.
    protected final List<Tensor> callHooked(List<Tensor> inputs, UnaryOperator<List<Tensor>> forward) {
        List<Tensor> in = inputs;
        for (ForwardPreHook hook : List.copyOf(preHooks)) {
            in = hook.before(this, in);
        }
        List<Tensor> out = forward.apply(in);
        for (ForwardHook hook : List.copyOf(hooks)) {
            out = hook.after(this, in, out);
        }
        return out;
    }

    /// Adds a hook that runs before each forward.
    ///
    /// @return removes the hook
    public final Runnable registerForwardPreHook(ForwardPreHook hook) {
        preHooks.add(hook);
        return () -> preHooks.remove(hook);
    }

    /// Adds a hook that runs after each forward.
    ///
    /// @return removes the hook
    public final Runnable registerForwardHook(ForwardHook hook) {
        hooks.add(hook);
        return () -> hooks.remove(hook);
    }

    // --- building

    /// Adds a child.
    ///
    /// @return the child
    /// @throws IllegalArgumentException if the name is taken or is no name, or the child contains this module
    protected final <M extends Module> M register(String name, M child) {
        checkName(name);
        if (contains(child, this)) {
            throw new IllegalArgumentException(kind() + ": child \"" + name + "\" contains the module it is given to");
        }
        children.put(name, child);
        return child;
    }

    /// Adds a parameter that starts with the values of a tensor; see [Parameter#startingAt].
    ///
    /// @return the parameter
    /// @throws IllegalArgumentException if the name is taken or is no name, or the dtype is not floating-point
    protected final Parameter registerParameter(String name, Tensor initial) {
        return registerParameter(name, Parameter.startingAt(initial));
    }

    /// Adds a parameter that other modules may share.
    ///
    /// @return the parameter
    /// @throws IllegalArgumentException if the name is taken or is no name
    protected final Parameter registerParameter(String name, Parameter shared) {
        checkName(name);
        parameters.put(name, shared);
        return shared;
    }

    /// Adds a buffer that is part of the state dict.
    ///
    /// @return the buffer
    /// @throws IllegalArgumentException if the name is taken or is no name
    protected final Buffer registerBuffer(String name, Tensor initial) {
        return registerBuffer(name, initial, true);
    }

    /// Adds a buffer.
    ///
    /// @param persistent whether it is part of the state dict
    /// @return the buffer
    /// @throws IllegalArgumentException if the name is taken or is no name
    protected final Buffer registerBuffer(String name, Tensor initial, boolean persistent) {
        checkName(name);
        Buffer b = new Buffer(initial, persistent);
        buffers.put(name, b);
        return b;
    }

    /// Puts another child in the place of one. For containers.
    final void replaceChild(String name, Module child) {
        if (contains(child, this)) {
            throw new IllegalArgumentException(kind() + ": child \"" + name + "\" contains the module it is given to");
        }
        children.put(name, child);
    }

    private void checkName(String name) {
        if (name.isEmpty() || name.indexOf('.') >= 0) {
            throw new IllegalArgumentException(kind() + ": \"" + name + "\" is no name: expected one without dots");
        }
        if (parameters.containsKey(name) || buffers.containsKey(name) || children.containsKey(name)) {
            throw new IllegalArgumentException(kind() + ": the name \"" + name + "\" is taken");
        }
    }

    private static boolean contains(Module outer, Module inner) {
        return outer == inner || outer.children.values().stream().anyMatch(c -> contains(c, inner));
    }

    // --- parts

    /// The direct children by name, in the order of their registration.
    public final Map<String, Module> namedChildren() {
        return Collections.unmodifiableMap(children);
    }

    /// The direct children in the order of their registration.
    public final List<Module> children() {
        return List.copyOf(children.values());
    }

    /// This module and all inside it, each once, by dotted name; this one's name is empty.
    public final Map<String, Module> namedModules() {
        Map<String, Module> out = new LinkedHashMap<>();
        Set<Module> seen = identitySet();
        walk("", (path, m) -> {
            if (seen.add(m)) {
                out.put(path, m);
            }
        });
        return out;
    }

    /// This module and all inside it, each once.
    public final List<Module> modules() {
        return List.copyOf(namedModules().values());
    }

    /// The parameters of this module and all inside it, each once, by dotted name.
    public final Map<String, Parameter> namedParameters() {
        Map<String, Parameter> out = new LinkedHashMap<>();
        Set<Parameter> seen = identitySet();
        walk("", (path, m) -> m.parameters.forEach((name, p) -> {
            if (seen.add(p)) {
                out.put(dotted(path, name), p);
            }
        }));
        return out;
    }

    /// The parameters of this module and all inside it, each once.
    public final List<Parameter> parameters() {
        return List.copyOf(namedParameters().values());
    }

    /// The parameters of this module alone.
    final Collection<Parameter> ownParameters() {
        return parameters.values();
    }

    /// The buffers of this module and all inside it, each once, by dotted name.
    public final Map<String, Buffer> namedBuffers() {
        Map<String, Buffer> out = new LinkedHashMap<>();
        Set<Buffer> seen = identitySet();
        walk("", (path, m) -> m.buffers.forEach((name, b) -> {
            if (seen.add(b)) {
                out.put(dotted(path, name), b);
            }
        }));
        return out;
    }

    /// The buffers of this module and all inside it, each once.
    public final List<Buffer> buffers() {
        return List.copyOf(namedBuffers().values());
    }

    /// The number of elements of all parameters, shared ones counted once.
    public final long parameterCount() {
        return parameters().stream().mapToLong(Parameter::elements).sum();
    }

    /// Calls an action with each module inside this one and then with this one, as PyTorch's `apply`.
    ///
    /// @return this
    public final Module apply(Consumer<? super Module> action) {
        children.values().forEach(c -> c.apply(action));
        action.accept(this);
        return this;
    }

    private void walk(String path, BiConsumer<String, Module> visit) {
        visit.accept(path, this);
        children.forEach((name, child) -> child.walk(dotted(path, name), visit));
    }

    private static String dotted(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private static <T> Set<T> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    // --- modes and places

    /// Whether the module is in training mode, in which dropout drops and batch normalisation uses the batch.
    public final boolean isTraining() {
        return training;
    }

    /// Sets the mode here but not inside.
    final void setTraining(boolean on) {
        training = on;
    }

    /// Sets training or evaluation mode, here and inside.
    ///
    /// @return this
    public final Module train(boolean on) {
        walk("", (_, m) -> m.training = on);
        return this;
    }

    /// Sets training mode, here and inside.
    ///
    /// @return this
    public final Module train() {
        return train(true);
    }

    /// Sets evaluation mode, here and inside.
    ///
    /// @return this
    public final Module eval() {
        return train(false);
    }

    /// Moves parameters (with their gradients) and buffers to a device. Tensors that were taken out of parameters
    /// before are closed; hooks on them do not move along.
    ///
    /// @return this
    public final Module to(Device device) {
        slots().forEach(s -> s.replace(t -> t.to(device)));
        return this;
    }

    /// Converts floating-point parameters (with their gradients) and buffers to a floating-point dtype; others stay.
    ///
    /// @return this
    /// @throws IllegalArgumentException if the dtype is not floating-point
    public final Module to(DType dtype) {
        if (!dtype.isFloating()) {
            throw new IllegalArgumentException(kind() + ": to(" + dtype + "): expected a floating-point dtype");
        }
        slots().forEach(s -> s.replace(t -> t.dtype().isFloating() ? t.to(dtype) : t));
        return this;
    }

    private Collection<Slot> slots() {
        List<Slot> all = new ArrayList<>(parameters());
        all.addAll(buffers());
        return all;
    }

    /// Clears the gradients of all parameters.
    public final void zeroGrad() {
        parameters().forEach(Parameter::zeroGrad);
    }

    /// Switches the gradients of all parameters on or off.
    ///
    /// @return this
    public final Module requiresGrad(boolean on) {
        parameters().forEach(p -> p.requiresGrad(on));
        return this;
    }

    // --- state

    /// All parameters and persistent buffers by dotted name, in the order of registration; shared ones under each of
    /// their names. The tensors share memory with the module's: what training changes, they show.
    public final Map<String, Tensor> stateDict() {
        Map<String, Tensor> out = new LinkedHashMap<>();
        state().forEach((name, slot) -> out.put(name, slot.get().alias()));
        return out;
    }

    /// All parameters and buffers by dotted name, each once: the tensors that are there now.
    @Override
    public final Map<String, Tensor> tensors() {
        Map<String, Tensor> out = new LinkedHashMap<>();
        namedParameters().forEach((name, p) -> out.put(name, p.get()));
        namedBuffers().forEach((name, b) -> out.put(name, b.get()));
        return out;
    }

    /// For this module and all inside it whether it is in training mode.
    @Override
    public final Object mode() {
        return modules().stream().map(Module::isTraining).toList();
    }

    /// Copies values into the parameters and persistent buffers, converting dtype and device. Every name must meet its
    /// partner.
    ///
    /// @throws IllegalArgumentException if names are missing or unexpected or shapes differ; the message lists them
    ///     all, and nothing has been changed
    public final void loadStateDict(Map<String, Tensor> state) {
        loadStateDict(state, true);
    }

    /// Copies values into the parameters and persistent buffers, converting dtype and device.
    ///
    /// @param strict whether names without a partner are an error
    /// @return the names without a partner
    /// @throws IllegalArgumentException if shapes differ, or, where `strict`, names are missing or unexpected; the
    ///     message lists them all, and nothing has been changed
    public final LoadReport loadStateDict(Map<String, Tensor> state, boolean strict) {
        return StateLoading.load(kind(), state(), state, strict);
    }

    private Map<String, Slot> state() {
        Map<String, Slot> out = new LinkedHashMap<>();
        walk("", (path, m) -> {
            m.parameters.forEach((name, p) -> out.put(dotted(path, name), p));
            m.buffers.forEach((name, b) -> {
                if (b.isPersistent()) {
                    out.put(dotted(path, name), b);
                }
            });
        });
        return out;
    }

    // --- text

    /// How many multiplications, each with an addition, matrix products and convolutions of this module itself, without
    /// its children, take for one call: what [Summary] adds up. None by default.
    ///
    /// @param inputs what the module was called with
    /// @param outputs what it gave
    public long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
        return 0;
    }

    /// The settings that [#toString()] shows in parentheses, such as `inFeatures=3, outFeatures=4`.
    protected String settings() {
        return "";
    }

    /// The word for this kind of module in texts: the class name.
    final String kind() {
        String name = getClass().getSimpleName();
        return name.isEmpty() ? "Module" : name;
    }

    /// The layers, output shapes, parameters, multiply-adds and memory for an input of the given shape, batch included:
    /// `System.out.println(model.summary(1, 3, 32, 32))`.
    public final Summary summary(long... inputShape) {
        return Summary.of(this, inputShape);
    }

    /// The tree of modules with their settings, as PyTorch prints it.
    @Override
    public String toString() {
        if (children.isEmpty()) {
            return kind() + "(" + settings() + ")";
        }
        StringBuilder s = new StringBuilder(kind()).append("(\n");
        if (!settings().isEmpty()) {
            s.append("  ").append(settings()).append('\n');
        }
        children.forEach((name, child) -> s.append("  (").append(name).append("): ")
                .append(child.toString().replace("\n", "\n  ")).append('\n'));
        return s.append(')').toString();
    }
}
