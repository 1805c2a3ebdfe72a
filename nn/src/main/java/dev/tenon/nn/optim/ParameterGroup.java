package dev.tenon.nn.optim;

import dev.tenon.nn.Parameter;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Parameters that an optimiser treats alike, and the settings for them. Settings may change between steps; schedules
/// change the learning rate.
public final class ParameterGroup {
    private final List<Parameter> parameters;
    private final Map<String, Double> values;

    ParameterGroup(List<Parameter> parameters, Map<String, Double> values) {
        this.parameters = List.copyOf(parameters);
        this.values = new LinkedHashMap<>(values);
    }

    /// The parameters.
    public List<Parameter> parameters() {
        return parameters;
    }

    /// The settings by name; switches are 0 or 1.
    public Map<String, Double> values() {
        return Collections.unmodifiableMap(values);
    }

    /// A setting.
    ///
    /// @throws IllegalArgumentException if there is none of that name
    public double get(String name) {
        Double v = values.get(name);
        if (v == null) {
            throw noSetting(name);
        }
        return v;
    }

    /// Whether a switch is on.
    ///
    /// @throws IllegalArgumentException if there is none of that name
    public boolean is(String name) {
        return get(name) != 0;
    }

    /// Changes a setting from the next step on.
    ///
    /// @throws IllegalArgumentException if there is none of that name
    public void set(String name, double value) {
        if (values.replace(name, value) == null) {
            throw noSetting(name);
        }
    }

    /// The learning rate.
    public double lr() {
        return get("lr");
    }

    /// Changes the learning rate from the next step on.
    public void setLr(double lr) {
        set("lr", lr);
    }

    private IllegalArgumentException noSetting(String name) {
        return new IllegalArgumentException("optimizer: no setting \"" + name + "\"; there are " + values.keySet());
    }
}
