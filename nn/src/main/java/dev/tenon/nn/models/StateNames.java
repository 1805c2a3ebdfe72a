package dev.tenon.nn.models;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Names of older files, translated into those of the models.
final class StateNames {
    private record Rule(Pattern old, String now) {
        Rule(String old, String now) {
            this(Pattern.compile(old), now);
        }
    }

    /// Applied one after the other to a name that the model does not know.
    private static final List<Rule> RULES = List.of(
            // Of a model that was trained on several devices, or stood within another.
            new Rule("^(module|transformer)\\.", ""),
            // Before PyTorch 0.4 names could have dots.
            new Rule("(denselayer\\d+\\.(?:norm|relu|conv))\\.([12]\\.)", "$1$2"),
            new Rule("(encoder_layer_\\d+\\.mlp)\\.linear_1\\.", "$1.0."),
            new Rule("(encoder_layer_\\d+\\.mlp)\\.linear_2\\.", "$1.3."));

    /// What files hold beyond the model: GPT-2's masks and its head, which is the table of the symbols, and GoogLeNet's
    /// auxiliary classifiers, which only training needs.
    private static final Pattern SUPERFLUOUS =
            Pattern.compile("h\\.\\d+\\.attn\\.(masked_)?bias|lm_head\\.weight|aux[12]\\..*");

    private static final String COUNTER = ".num_batches_tracked";

    private StateNames() {}

    /// A file's tensor, whatever form its name has.
    static <V> @Nullable V find(Map<String, V> file, String name) {
        V direct = file.get(name);
        return direct != null ? direct
                : file.entrySet().stream().filter(e -> translated(e.getKey(), Set.of(name)).equals(name))
                        .map(Map.Entry::getValue).findFirst().orElse(null);
    }

    private static String translated(String name, Set<String> own) {
        String now = name;
        for (Rule r : RULES) {
            if (own.contains(now)) {
                break;
            }
            now = r.old.matcher(now).replaceFirst(r.now);
        }
        return now;
    }

    /// A file's state dict with the names of the module's own.
    static Map<String, Tensor> translated(Map<String, Tensor> file, Map<String, Tensor> own) {
        Map<String, Tensor> out = new LinkedHashMap<>();
        file.forEach((name, t) -> {
            String now = translated(name, own.keySet());
            if (own.containsKey(now) || !SUPERFLUOUS.matcher(now).matches()) {
                out.put(now, t);
            }
        });
        // Files from before PyTorch 0.4.1 do not count batches.
        own.forEach((name, t) -> {
            if (name.endsWith(COUNTER)) {
                out.computeIfAbsent(name, _ -> Tensors.zerosLike(t));
            }
        });
        return out;
    }
}
