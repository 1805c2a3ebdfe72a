package dev.tenon.nn;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;

/// A list of modules, named `0`, `1`, ...; what is computed with them is the owner's business.
///
/// @param <M> what they have in common
public final class ModuleList<M extends Module> extends Module implements Iterable<M> {
    private final List<M> modules = new ArrayList<>();

    /// The given modules.
    @SafeVarargs
    public ModuleList(M... modules) {
        for (M m : modules) {
            add(m);
        }
    }

    /// The given modules.
    public ModuleList(List<? extends M> modules) {
        modules.forEach(this::add);
    }

    /// Appends a module.
    ///
    /// @return this
    public ModuleList<M> add(M module) {
        modules.add(register(String.valueOf(modules.size()), module));
        return this;
    }

    /// The number of modules.
    public int size() {
        return modules.size();
    }

    /// The module at a position; a negative one counts from the end.
    ///
    /// @throws IndexOutOfBoundsException if there is none
    public M get(int position) {
        return modules.get(position < 0 ? position + modules.size() : position);
    }

    /// Puts another module at a position; a negative one counts from the end.
    ///
    /// @throws IndexOutOfBoundsException if there is none
    public void set(int position, M module) {
        int at = position < 0 ? position + modules.size() : position;
        Objects.checkIndex(at, modules.size());
        replaceChild(String.valueOf(at), module);
        modules.set(at, module);
    }

    @Override
    public Iterator<M> iterator() {
        return List.copyOf(modules).iterator();
    }
}
