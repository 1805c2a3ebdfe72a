package dev.tenon.nn;

import dev.tenon.api.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// Parameters by name; what is computed with them is the owner's business.
public final class ParameterDict extends Module {
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();

    /// No parameters yet.
    public ParameterDict() {}

    /// The given parameters in the order of the map.
    public ParameterDict(Map<String, Parameter> parameters) {
        parameters.forEach(this::put);
    }

    /// Adds a parameter, which other modules may share.
    ///
    /// @return this
    /// @throws IllegalArgumentException if the name is taken or is no name
    public ParameterDict put(String name, Parameter parameter) {
        parameters.put(name, registerParameter(name, parameter));
        return this;
    }

    /// Adds a parameter that starts with the values of a tensor; see [Parameter#startingAt].
    ///
    /// @return this
    /// @throws IllegalArgumentException if the name is taken or is no name
    public ParameterDict put(String name, Tensor initial) {
        return put(name, Parameter.startingAt(initial));
    }

    /// The parameter of the given name.
    ///
    /// @throws IllegalArgumentException if there is none; the message lists those that there are
    public Parameter get(String name) {
        Parameter p = parameters.get(name);
        if (p == null) {
            throw new IllegalArgumentException(
                    "ParameterDict: no parameter \"" + name + "\"; there are " + parameters.keySet());
        }
        return p;
    }

    /// Whether there is a parameter of the given name.
    public boolean contains(String name) {
        return parameters.containsKey(name);
    }

    /// The names in their order.
    public Set<String> names() {
        return Collections.unmodifiableSet(parameters.keySet());
    }

    /// The number of parameters.
    public int size() {
        return parameters.size();
    }

    @Override
    protected String settings() {
        return String.join(", ", parameters.keySet());
    }
}
