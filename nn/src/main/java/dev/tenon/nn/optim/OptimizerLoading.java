package dev.tenon.nn.optim;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Parameter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Checks a saved state against an optimiser as a whole, then brings it in.
final class OptimizerLoading {
    private final List<ParameterGroup> groups;
    private final List<Parameter> parameters;
    private final OptimizerState state;

    OptimizerLoading(String optimizer, List<ParameterGroup> groups, List<Parameter> parameters, OptimizerState state) {
        this.groups = groups;
        this.parameters = parameters;
        this.state = state;
        List<String> wrong = new ArrayList<>();
        checkGroups(wrong);
        checkParameters(wrong);
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("loadStateDict: the state does not fit into " + optimizer + ":\n  "
                    + String.join("\n  ", wrong)
                    + "\nNothing was loaded. Make the optimizer as the saved one was made.");
        }
    }

    private void checkGroups(List<String> wrong) {
        Map<String, Double> left = new HashMap<>(state.numbers());
        left.keySet().removeIf(k -> !k.startsWith("group"));
        for (int i = 0; i < groups.size(); i++) {
            for (String name : groups.get(i).values().keySet()) {
                if (left.remove("group" + i + "." + name) == null) {
                    wrong.add("group" + i + "." + name + " is missing");
                }
            }
        }
        left.keySet().forEach(k -> wrong.add(k + " is not known"));
    }

    private void checkParameters(List<String> wrong) {
        state.tensors().forEach((key, t) -> {
            int i = index(key);
            if (i < 0) {
                wrong.add(key + " belongs to no parameter; there are " + parameters.size());
            } else if (!t.shape().equals(parameters.get(i).shape())) {
                wrong.add(key + " has shape " + t.shape() + ", the parameter " + parameters.get(i).shape());
            }
        });
        state.numbers().forEach((key, _) -> {
            if (!key.startsWith("group") && index(key) < 0) {
                wrong.add(key + " belongs to no parameter; there are " + parameters.size());
            }
        });
    }

    /// The number of the parameter that a key belongs to, or -1.
    private int index(String key) {
        int dot = key.indexOf('.');
        if (dot < 1 || !key.substring(0, dot).chars().allMatch(c -> c >= '0' && c <= '9') || dot > 9) {
            return -1;
        }
        int i = Integer.parseInt(key.substring(0, dot));
        return i < parameters.size() ? i : -1;
    }

    private static String name(String key) {
        return key.substring(key.indexOf('.') + 1);
    }

    void into(Map<Parameter, ParameterState> states) {
        for (int i = 0; i < groups.size(); i++) {
            ParameterGroup g = groups.get(i);
            for (String name : List.copyOf(g.values().keySet())) {
                g.set(name, number("group" + i + "." + name));
            }
        }
        Map<Parameter, ParameterState> fresh = new HashMap<>();
        try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.noGrad()) {
            state.tensors().forEach((key, t) -> {
                Parameter p = parameters.get(index(key));
                Tensor moved = t.to(p.device());
                stateOf(fresh, key).tensors().put(name(key), moved == t ? t.clone() : moved);
            });
        }
        state.numbers().forEach((key, v) -> {
            if (key.startsWith("group")) {
                return;
            }
            if (name(key).equals("step")) {
                stateOf(fresh, key).setStep(v.longValue());
            } else {
                stateOf(fresh, key).setNumber(name(key), v);
            }
        });
        states.values().forEach(s -> s.tensors().values().forEach(Tensor::close));
        states.clear();
        states.putAll(fresh);
    }

    private double number(String key) {
        Double v = state.numbers().get(key);
        if (v == null) {
            throw new IllegalStateException(key + " was there when it was checked");
        }
        return v;
    }

    private ParameterState stateOf(Map<Parameter, ParameterState> fresh, String key) {
        return fresh.computeIfAbsent(parameters.get(index(key)), _ -> new ParameterState());
    }
}
