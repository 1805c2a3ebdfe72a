package dev.tenon.nn;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Brings the values of a state dict into a module.
final class StateLoading {
    private StateLoading() {}

    static LoadReport load(String module, Map<String, Slot> own, Map<String, Tensor> state, boolean strict) {
        List<String> missing = own.keySet().stream().filter(n -> !state.containsKey(n)).toList();
        List<String> unexpected = state.keySet().stream().filter(n -> !own.containsKey(n)).toList();
        List<String> mismatched = new ArrayList<>();
        own.forEach((name, slot) -> {
            Tensor t = state.get(name);
            if (t != null && !t.shape().equals(slot.shape())) {
                mismatched.add(name + " (the module has " + slot.shape() + ", the state " + t.shape() + ")");
            }
        });
        StringBuilder wrong = new StringBuilder();
        if (strict) {
            list(wrong, "missing in the state", missing);
            list(wrong, "unexpected in the state", unexpected);
        }
        list(wrong, "of another shape", mismatched);
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("loadStateDict: the state does not fit into " + module + ":" + wrong
                    + "\nNothing was loaded. Build the module with the settings it was saved with"
                    + (strict ? ", or load with strict = false to skip names without a partner." : "."));
        }
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            own.forEach((name, slot) -> {
                Tensor t = state.get(name);
                if (t != null) {
                    slot.get().copy_(t);
                }
            });
        }
        return new LoadReport(missing, unexpected);
    }

    private static void list(StringBuilder text, String what, List<String> names) {
        if (!names.isEmpty()) {
            text.append("\n  ").append(names.size()).append(' ').append(what).append(": ")
                    .append(String.join(", ", names));
        }
    }
}
