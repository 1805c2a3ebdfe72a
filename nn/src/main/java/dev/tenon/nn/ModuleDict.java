package dev.tenon.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// Modules by name; what is computed with them is the owner's business.
///
/// @param <M> what they have in common
public final class ModuleDict<M extends Module> extends Module {
    private final Map<String, M> modules = new LinkedHashMap<>();

    /// No modules yet.
    public ModuleDict() {}

    /// The given modules in the order of the map.
    public ModuleDict(Map<String, ? extends M> modules) {
        modules.forEach(this::put);
    }

    /// Adds a module, or puts another in the place of one.
    ///
    /// @return this
    public ModuleDict<M> put(String name, M module) {
        if (modules.containsKey(name)) {
            replaceChild(name, module);
        } else {
            register(name, module);
        }
        modules.put(name, module);
        return this;
    }

    /// The module of the given name.
    ///
    /// @throws IllegalArgumentException if there is none; the message lists those that there are
    public M get(String name) {
        M m = modules.get(name);
        if (m == null) {
            throw new IllegalArgumentException("ModuleDict: no module \"" + name + "\"; there are " + modules.keySet());
        }
        return m;
    }

    /// Whether there is a module of the given name.
    public boolean contains(String name) {
        return modules.containsKey(name);
    }

    /// The names in their order.
    public Set<String> names() {
        return Collections.unmodifiableSet(modules.keySet());
    }

    /// The number of modules.
    public int size() {
        return modules.size();
    }
}
