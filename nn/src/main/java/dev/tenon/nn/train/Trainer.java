package dev.tenon.nn.train;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.Batch;
import dev.tenon.data.DataLoader;
import dev.tenon.data.Dataset;
import dev.tenon.data.Epoch;
import dev.tenon.data.Sample;
import dev.tenon.data.TensorDataset;
import dev.tenon.nn.Checkpoint;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.loss.Loss;
import dev.tenon.nn.metric.Mean;
import dev.tenon.nn.metric.Metric;
import dev.tenon.nn.optim.LBFGS;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.precision.Autocast;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Trains a model, measures it and asks it: the loop that a program would otherwise write by hand.
///
/// ```java
/// var trainer = Trainer.of(net).optimizer(new Adam(net.parameters(), 1e-3)).loss(new CrossEntropyLoss())
///         .metrics(new Accuracy()).build();
/// History history = trainer.fit(FitOptions.of(train).validation(test).epochs(5).batchSize(64));
/// Map<String, Double> values = trainer.evaluate(test);
/// Tensor scores = trainer.predict(test);
/// ```
///
/// With the same seeds, data and number of threads, the same program on the same device gives the same weights to the
/// last bit; so does a run that was ended at any moment and goes on from its [Checkpoints]. For one thread.
public final class Trainer {
    private static final int BATCH = 64;

    private final Module model;
    private final Optimizer optimizer;
    private final @Nullable BinaryOperator<Tensor> loss;
    private final @Nullable Step step;
    private final List<Metric> metrics;
    private @Nullable Path resumeFrom;
    private boolean fitting;

    private Trainer(Builder b, Optimizer optimizer) {
        this.model = b.model;
        this.optimizer = optimizer;
        this.loss = b.loss;
        this.step = b.step;
        this.metrics = List.copyOf(b.metrics);
    }

    /// What to train.
    public static Builder of(Module model) {
        return new Builder(model);
    }

    /// What a [Trainer] consists of: a model, an optimiser, a loss (or a [Step]), and metrics.
    public static final class Builder {
        private final Module model;
        private @Nullable Optimizer optimizer;
        private @Nullable BinaryOperator<Tensor> loss;
        private @Nullable Step step;
        private final List<Metric> metrics = new ArrayList<>();

        private Builder(Module model) {
            this.model = model;
        }

        /// What changes the model's parameters.
        public Builder optimizer(Optimizer o) {
            optimizer = o;
            return this;
        }

        /// What changes the model's parameters, made for them: `optimizer(p -> new AdamW(p, 1e-3))`.
        public Builder optimizer(Function<List<Parameter>, Optimizer> maker) {
            return optimizer(maker.apply(model.parameters()));
        }

        /// The loss of the model's output against the batch's target.
        public Builder loss(Loss l) {
            loss = new WeightedLoss(l);
            return this;
        }

        /// The loss of the model's output against the batch's target, a scalar, as a function; for losses of the
        /// elements the mean is taken.
        public Builder loss(BinaryOperator<Tensor> function) {
            loss = function;
            return this;
        }

        /// What is computed for a batch, in place of a loss of the model's output against the target.
        public Builder step(Step s) {
            step = s;
            return this;
        }

        /// What is measured beside the loss; added to those given before.
        public Builder metrics(Metric... more) {
            metrics.addAll(List.of(more));
            return this;
        }

        /// The trainer.
        ///
        /// @throws IllegalArgumentException if there is no optimiser, not one of loss and step, two metrics of one
        ///     name, or an optimiser that evaluates the loss several times a step
        public Trainer build() {
            Optimizer o = optimizer;
            if (o == null) {
                throw new IllegalArgumentException("trainer: no optimizer: call optimizer(...) before build()");
            }
            if (o instanceof LBFGS) {
                throw new IllegalArgumentException("trainer: LBFGS evaluates the loss several times a step, on the"
                        + " whole data: write that loop with step(closure)");
            }
            if ((loss == null) == (step == null)) {
                throw new IllegalArgumentException("trainer: expected either loss(...) or step(...), got "
                        + (loss == null ? "neither" : "both"));
            }
            if (metrics.stream().map(Metric::name).distinct().count() < metrics.size()
                    || metrics.stream().anyMatch(m -> m.name().equals("loss"))) {
                throw new IllegalArgumentException("trainer: two metrics of one name among loss and "
                        + metrics.stream().map(Metric::name).toList());
            }
            return new Trainer(this, o);
        }
    }

    /// The model.
    public Module model() {
        return model;
    }

    /// The optimiser.
    public Optimizer optimizer() {
        return optimizer;
    }

    /// What is measured beside the loss. After an evaluation they hold what it gathered.
    public List<Metric> metrics() {
        return metrics;
    }

    @Nullable BinaryOperator<Tensor> loss() {
        return loss;
    }

    @Nullable Step step() {
        return step;
    }

    // --- training

    /// Trains. Afterwards the model is in evaluation mode.
    ///
    /// @return what each epoch gave
    /// @throws DivergedException if the loss is no finite number any more
    /// @throws java.io.UncheckedIOException if a callback or a checkpoint cannot write its file
    /// @throws IllegalArgumentException if the options do not fit each other, the data or the checkpoint
    public History fit(FitOptions options) {
        if (fitting) {
            throw new IllegalStateException("trainer: fit within fit");
        }
        Path from = resumeFrom;
        resumeFrom = null;
        fitting = true;
        try {
            return new Fit(this, options).run(from);
        } finally {
            fitting = false;
        }
    }

    /// Looks for the newest checkpoint of a folder that is whole: the model is given its weights, and the next
    /// [#fit(FitOptions)], with the options that it was written with, goes on where it was written. The number of
    /// epochs may be another, and so may callbacks without a state.
    ///
    /// @return the checkpoint; empty if the folder has none or is not there, and the next fit then starts from the
    ///     beginning
    /// @throws IOException if the folder cannot be read, or all checkpoints in it are damaged
    /// @throws IllegalArgumentException if the checkpoint is that of another model
    public Optional<Path> resume(Path folder) throws IOException {
        Optional<Path> newest = Checkpoints.newest(folder);
        if (newest.isPresent()) {
            new Checkpoint().add("model", model).load(newest.get());
            resumeFrom = newest.get();
        }
        return newest;
    }

    /// The device of the model.
    Device device() {
        List<Parameter> all = model.parameters();
        return all.isEmpty() ? Device.getDefault() : all.getFirst().device();
    }

    // --- measuring and asking

    /// The loss and the metrics over a data set, 64 samples at a time.
    public Map<String, Double> evaluate(Dataset<Sample> set) {
        return evaluate(set, BATCH);
    }

    /// The loss and the metrics over a data set.
    public Map<String, Double> evaluate(Dataset<Sample> set, int batchSize) {
        try (DataLoader loader = loader(set, batchSize)) {
            return evaluate(loader);
        }
    }

    /// The loss and the metrics over the rows of tensors, 64 at a time.
    public Map<String, Double> evaluate(Tensor inputs, Tensor targets) {
        return evaluate(new TensorDataset(inputs, targets));
    }

    /// The loss and the metrics over the batches of a loader's epoch 0, by name: `loss`, then the metrics in the order
    /// in which they were given. The model is in evaluation mode meanwhile.
    public Map<String, Double> evaluate(DataLoader batches) {
        return evaluate(batches, null, fitting);
    }

    /// @param restore whether the metrics have afterwards what training has gathered, rather than what this has
    Map<String, Double> evaluate(DataLoader batches, @Nullable DType autocast, boolean restore) {
        try (Gathered during = new Gathered(restore)) {
            pass(batches, autocast, batch -> {
                Step.Result r = compute(batch);
                during.loss.update(r.loss(), batch.size());
                metrics.forEach(m -> m.update(r.output(), r.target()));
            });
            return values(during.loss);
        }
    }

    /// The loss and the metrics, read.
    Map<String, Double> values(Mean mean) {
        Map<String, Double> out = new LinkedHashMap<>(mean.values());
        metrics.forEach(m -> out.putAll(m.values()));
        return out;
    }

    /// What evaluation gathers.
    private final class Gathered implements AutoCloseable {
        final Mean loss = new Mean("loss");
        private final List<Map<String, Tensor>> tensors = new ArrayList<>();
        private final List<Map<String, String>> texts = new ArrayList<>();

        Gathered(boolean restore) {
            for (Metric m : metrics) {
                if (restore) {
                    Map<String, Tensor> t = new LinkedHashMap<>();
                    Map<String, String> s = new LinkedHashMap<>();
                    try (Context.Mode _ = Context.unscoped()) {
                        m.save(t, s);
                    }
                    tensors.add(t);
                    texts.add(s);
                }
                m.reset();
            }
        }

        @Override
        public void close() {
            loss.reset();
            for (int i = 0; i < tensors.size(); i++) {
                metrics.get(i).load(tensors.get(i), texts.get(i));
                tensors.get(i).values().forEach(Tensor::close);
            }
        }
    }

    /// The model's outputs for a data set, 64 samples at a time.
    public Tensor predict(Dataset<Sample> set) {
        try (DataLoader loader = loader(set, BATCH)) {
            return predict(loader);
        }
    }

    /// The model's outputs for inputs `[n, ...]`, 64 at a time.
    public Tensor predict(Tensor inputs) {
        try (DataLoader loader =
                DataLoader.fromSource(new TensorDataset(inputs)).batchSize(BATCH).device(device()).build()) {
            return predict(loader);
        }
    }

    /// The model's outputs for the batches of a loader's epoch 0, one after the other along axis 0. The model is in
    /// evaluation mode meanwhile. The result is in the open scope.
    public Tensor predict(DataLoader batches) {
        List<Tensor> parts = new ArrayList<>();
        try {
            pass(batches, null, batch -> {
                Tensor out = model.call(batch.input());
                try (Context.Mode _ = Context.unscoped()) {
                    parts.add(out.clone());
                }
            });
            if (parts.isEmpty()) {
                throw new IllegalArgumentException("predict: the loader has no batches");
            }
            return Tensors.cat(0, parts);
        } finally {
            parts.forEach(Tensor::close);
        }
    }

    private interface Visit {
        void of(Batch batch);
    }

    private void pass(DataLoader loader, @Nullable DType autocast, Visit visit) {
        boolean training = model.isTraining();
        model.eval();
        try (Context.Mode _ = Context.noGrad();
                Context.Mode _ = autocast == null ? () -> { } : Autocast.enter(autocast);
                Epoch batches = loader.epoch(0)) {
            while (true) {
                try (Scope _ = Scope.open()) {
                    if (!batches.hasNext()) {
                        break;
                    }
                    visit.of(batches.next());
                }
            }
        } finally {
            if (training) {
                model.train();
            }
        }
    }

    private DataLoader loader(Dataset<Sample> set, int batchSize) {
        return DataLoader.builder(set).batchSize(batchSize).workers(1).device(device()).build();
    }

    /// The step, or the model and the loss.
    Step.Result compute(Batch batch) {
        Step s = step;
        if (s != null) {
            return s.run(batch);
        }
        BinaryOperator<Tensor> l = loss;
        if (l == null) {
            throw new IllegalStateException("a trainer has a step or a loss");
        }
        Tensor out = model.call(batch.input());
        return new Step.Result(out, batch.target(), scalar(l.apply(out, batch.target())));
    }

    static Tensor scalar(Tensor losses) {
        return losses.rank() == 0 ? losses : losses.mean();
    }
}
