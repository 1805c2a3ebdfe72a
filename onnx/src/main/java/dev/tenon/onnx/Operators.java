package dev.tenon.onnx;

import dev.tenon.api.Tensor;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/// The table of the operators that can be run.
final class Operators {
    /// The newest set of ONNX's own operators that the table was written for.
    static final int NEWEST = 28;
    /// The domain of the classical machine learning operators.
    static final String ML = "ai.onnx.ml";
    /// The domain of optimisers and gradients.
    static final String TRAINING = "ai.onnx.preview.training";
    /// The domain of operators that may still change.
    static final String PREVIEW = "ai.onnx.preview";

    /// What an operator computes.
    @FunctionalInterface
    interface Operator {
        /// The outputs, as many as the node names; more are ignored.
        List<OnnxValue> apply(Call call);
    }

    /// How strings and constants pass through an operator.
    enum Trait {
        /// Strings are given to it as positions in a sorted list of all of them, and positions it returns under the
        /// type of its input become strings again.
        PLAIN,
        /// It takes values as they are.
        RAW,
        /// Its result depends on shapes alone.
        SHAPES,
        /// Its result differs from run to run.
        RANDOM
    }

    /// A row of the table.
    ///
    /// @param group the heading under which documentation lists it
    record Entry(String domain, String name, int since, String group, Trait trait, Operator operator) {}

    private static final TreeMap<String, Entry> ALL = new TreeMap<>();

    private final String domain;
    private final String group;

    static {
        Elementwise.register(new Operators("", "Elementwise"));
        Activations.register(new Operators("", "Activations"));
        Reductions.register(new Operators("", "Reductions and scans"));
        Shapes.register(new Operators("", "Shape"));
        Arrangements.register(new Operators("", "Shape"));
        Indexing.register(new Operators("", "Indexing"));
        Matrices.register(new Operators("", "Linear algebra"));
        Convolutions.register(new Operators("", "Convolution and pooling"));
        Pooling.register(new Operators("", "Convolution and pooling"));
        Normalizations.register(new Operators("", "Normalisation, losses"));
        Losses.register(new Operators("", "Normalisation, losses"));
        Recurrent.register(new Operators("", "Recurrent networks"));
        Attentions.register(new Operators("", "Attention"));
        Images.register(new Operators("", "Images"));
        Boxes.register(new Operators("", "Images"));
        Signals.register(new Operators("", "Signals"));
        Conversions.register(new Operators("", "Types and quantisation"));
        Quantization.register(new Operators("", "Types and quantisation"));
        Randoms.register(new Operators("", "Random numbers"));
        ControlFlow.register(new Operators("", "Control flow"));
        Sequences.register(new Operators("", "Sequences and optional values"));
        Texts.register(new Operators("", "Strings"));
        Classical.register(new Operators(ML, "ai.onnx.ml"));
        Trees.register(new Operators(ML, "ai.onnx.ml"));
        TrainingSteps.register(new Operators(TRAINING, TRAINING));
        Attentions.registerPreview(new Operators(PREVIEW, PREVIEW));
    }

    private Operators(String domain, String group) {
        this.domain = domain;
        this.group = group;
    }

    /// The operator of a name, whatever its version.
    static Optional<Entry> find(String domain, String name) {
        return Optional.ofNullable(ALL.get(key(domain, name)));
    }

    /// All rows, by domain and name.
    static Collection<Entry> all() {
        return ALL.values();
    }

    private static String key(String domain, String name) {
        return domain + ":" + name;
    }

    /// Enters an operator.
    ///
    /// @param since the first version of its domain that has it
    void add(String name, int since, Trait trait, Operator operator) {
        ALL.put(key(domain, name), new Entry(domain, name, since, group, trait, operator));
    }

    void add(String name, int since, Operator operator) {
        add(name, since, Trait.PLAIN, operator);
    }

    /// An operator with one result of the element type of its first input.
    void same(String name, int since, Function<Call, Tensor> f) {
        add(name, since, c -> List.of(c.like(0, f.apply(c))));
    }

    /// An operator with one result of the element type that its dtype stands for.
    void plain(String name, int since, Function<Call, Tensor> f) {
        add(name, since, c -> List.of(OnnxValue.of(f.apply(c))));
    }
}
