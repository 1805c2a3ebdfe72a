package dev.tenon.nn;

import dev.tenon.api.Tensor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// A list of parameters, named `0`, `1`, ...; what is computed with them is the owner's business.
public final class ParameterList extends Module implements Iterable<Parameter> {
    private final List<Parameter> parameters = new ArrayList<>();

    /// The given parameters.
    public ParameterList(Parameter... parameters) {
        this(List.of(parameters));
    }

    /// The given parameters.
    public ParameterList(List<Parameter> parameters) {
        parameters.forEach(this::add);
    }

    /// Appends a parameter, which other modules may share.
    ///
    /// @return this
    public ParameterList add(Parameter parameter) {
        parameters.add(registerParameter(String.valueOf(parameters.size()), parameter));
        return this;
    }

    /// Appends a parameter that starts with the values of a tensor; see [Parameter#startingAt].
    ///
    /// @return this
    public ParameterList add(Tensor initial) {
        return add(Parameter.startingAt(initial));
    }

    /// The number of parameters.
    public int size() {
        return parameters.size();
    }

    /// The parameter at a position; a negative one counts from the end.
    ///
    /// @throws IndexOutOfBoundsException if there is none
    public Parameter get(int position) {
        return parameters.get(position < 0 ? position + parameters.size() : position);
    }

    @Override
    public Iterator<Parameter> iterator() {
        return List.copyOf(parameters).iterator();
    }

    @Override
    protected String settings() {
        return parameters.size() + " parameters";
    }
}
