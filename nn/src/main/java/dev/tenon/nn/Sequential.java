package dev.tenon.nn;

import dev.tenon.api.Tensor;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;

/// Modules one after the other: each takes what the one before gave.
///
/// ```java
/// var net = new Sequential(new Linear(784, 128), new ReLU(), new Linear(128, 10));
/// var named = new Sequential().add("hidden", new Linear(784, 128)).add("relu", Tensor::relu);
/// ```
public final class Sequential extends Module implements Iterable<Module> {
    /// The given modules, named `0`, `1`, ...
    public Sequential(Module... modules) {
        for (Module m : modules) {
            add(m);
        }
    }

    /// The given modules, named `0`, `1`, ...
    public Sequential(List<? extends Module> modules) {
        modules.forEach(this::add);
    }

    /// Appends a module, named by its position.
    ///
    /// @return this
    public Sequential add(Module module) {
        return add(String.valueOf(size()), module);
    }

    /// Appends a module under a name.
    ///
    /// @return this
    /// @throws IllegalArgumentException if the name is taken or is no name
    public Sequential add(String name, Module module) {
        register(name, module);
        return this;
    }

    /// Appends a function without parameters under a name.
    ///
    /// @return this
    public Sequential add(String name, UnaryOperator<Tensor> function) {
        return add(name, new Function(function));
    }

    /// The number of modules.
    public int size() {
        return namedChildren().size();
    }

    /// The module at a position; a negative one counts from the end.
    ///
    /// @throws IndexOutOfBoundsException if there is none
    public Module get(int position) {
        return children().get(position < 0 ? position + size() : position);
    }

    /// Puts another module at a position; a negative one counts from the end.
    ///
    /// @throws IndexOutOfBoundsException if there is none
    public void set(int position, Module module) {
        List<String> names = List.copyOf(namedChildren().keySet());
        replaceChild(names.get(position < 0 ? position + size() : position), module);
    }

    @Override
    public Iterator<Module> iterator() {
        return children().iterator();
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor y = x;
        for (Module m : namedChildren().values()) {
            y = m.call(y);
        }
        return y;
    }

    /// A function as a module.
    private static final class Function extends Module {
        private final UnaryOperator<Tensor> function;

        Function(UnaryOperator<Tensor> function) {
            this.function = function;
        }

        @Override
        public Tensor forward(Tensor x) {
            return function.apply(x);
        }
    }
}
