package dev.tenon.nn.train;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.data.Batch;
import dev.tenon.data.Epoch;
import dev.tenon.nn.Checkpoint;
import dev.tenon.nn.Module;
import dev.tenon.nn.metric.Mean;
import dev.tenon.nn.optim.ExponentialMovingAverage;
import dev.tenon.nn.optim.GradientClipping;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.precision.Autocast;
import dev.tenon.nn.precision.GradScaler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One call of [Trainer#fit]: the loop.
final class Fit {
    private final Trainer trainer;
    private final FitOptions options;
    private final FitData data;
    private final TrainingRun run = new TrainingRun(this);
    private final Mean loss = new Mean("loss");
    private final NaNWatch watch = new NaNWatch();
    private final List<History.Epoch> history = new ArrayList<>();
    private final @Nullable ExponentialMovingAverage average;
    private final @Nullable GradScaler scaler;
    private @Nullable LayerTrail trail;

    /// Epochs that are done.
    private int done;
    /// Batches and samples of the present epoch that are done.
    private long batch;
    private long samples;
    private long step;
    private double seconds;
    private long started;
    private boolean inEpoch;
    private boolean averaged;
    private boolean stopped;

    Fit(Trainer trainer, FitOptions options) {
        this.trainer = trainer;
        this.options = options;
        if (options.device != null) {
            trainer.model().to(options.device);
        }
        this.data = FitData.of(options, trainer.device());
        if (data.isWeighted() && !(trainer.loss() instanceof WeightedLoss)) {
            throw new IllegalArgumentException("fit: classWeights and sampleWeights need a loss of the package"
                    + " dev.tenon.nn.loss; a function or a step can weight its losses itself");
        }
        this.average = Double.isNaN(options.averageDecay) ? null
                : new ExponentialMovingAverage(trainer.model(), options.averageDecay);
        this.scaler = options.scaler != null ? options.scaler
                : options.autocast == DType.F16 ? new GradScaler() : null;
        this.done = Math.min(options.initialEpoch, options.epochs);
        this.step = done * stepsPerEpoch();
    }

    // --- what callbacks see

    Module model() {
        return trainer.model();
    }

    Optimizer optimizer() {
        return trainer.optimizer();
    }

    Optional<ExponentialMovingAverage> average() {
        return Optional.ofNullable(average);
    }

    boolean averaged() {
        return averaged;
    }

    int epoch() {
        return inEpoch ? done + 1 : done;
    }

    int epochs() {
        return options.epochs;
    }

    long batch() {
        return batch;
    }

    long batches() {
        return data.train().size();
    }

    long samples() {
        return samples;
    }

    long samplesPerEpoch() {
        return data.train().samples();
    }

    long step() {
        return step;
    }

    long stepsPerEpoch() {
        return Math.ceilDiv(data.train().size(), (long) options.accumulate);
    }

    double seconds() {
        return inEpoch ? seconds + (System.nanoTime() - started) / 1e9 : seconds;
    }

    Map<String, Double> current() {
        return trainer.values(loss);
    }

    History history() {
        return new History(history);
    }

    // --- the loop

    private interface Event {
        void at(Callback callback) throws IOException;
    }

    private void each(Event event) throws IOException {
        for (Callback c : options.callbacks) {
            event.at(c);
        }
    }

    History run(@Nullable Path from) {
        try {
            train(from);
            return history();
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        } finally {
            watch.close();
            loss.reset();
            data.close();
            if (trail != null) {
                trail.close();
            }
        }
    }

    private void train(@Nullable Path from) throws IOException {
        each(c -> c.onPrepare(run));
        Checkpoint checkpoint = checkpoint();
        Checkpoints folder = options.checkpoints;
        if (folder != null) {
            folder.prepare(from == null || !folder.folder().toAbsolutePath().equals(from.toAbsolutePath().getParent()));
        }
        if (from != null) {
            checkpoint.load(from);
        }
        if (options.detectAnomalies) {
            trail = new LayerTrail(model());
        }
        each(c -> c.onTrainBegin(run));
        while (done < options.epochs && !stopped) {
            started = System.nanoTime();
            inEpoch = true;
            boolean whole = trainEpoch(checkpoint);
            inEpoch = false;
            if (!whole) {
                break;
            }
        }
        if (average != null) {
            average.copyToParameters();
            averaged = true;
        }
        model().eval();
        each(c -> c.onTrainEnd(run));
    }

    private Checkpoint checkpoint() {
        Checkpoint c = new Checkpoint();
        Map<String, Checkpoint.Part> parts = new LinkedHashMap<>();
        for (Callback callback : options.callbacks) {
            if (callback instanceof Checkpoint.Part part) {
                String name = callback.getClass().getSimpleName();
                int n = 1;
                while (parts.containsKey(name + n)) {
                    n++;
                }
                parts.put(name + n, part);
            }
        }
        List<String> names = new ArrayList<>(parts.keySet());
        trainer.metrics().forEach(m -> names.add(m.name()));
        // First, so that what does not fit is said before anything is changed.
        c.add("run", new RunState(names)).add("model", model()).add("optimizer", optimizer())
                .add("generator", Generator.getDefault());
        if (average != null) {
            c.add("average", average);
            names.add("average");
        }
        if (scaler != null) {
            c.add("scaler", scaler);
            names.add("scaler");
        }
        parts.forEach(c::add);
        return c;
    }

    /// @return whether the epoch came to its end
    private boolean trainEpoch(Checkpoint checkpoint) throws IOException {
        if (batch == 0) {
            begin();
        }
        model().train();
        each(c -> c.onEpochBegin(run));
        boolean due = false;
        try (Epoch batches = data.train().epoch(done, batch)) {
            while (batch < batches() && run.stopped().isEmpty()) {
                step(batches);
                due = options.checkpoints != null && options.checkpoints.isDueAfterStep(step);
                if (due && batch < batches()) {
                    save(checkpoint);
                }
            }
        }
        if (batch < batches()) {
            save(checkpoint);
            return false;
        }
        end(checkpoint, due);
        return true;
    }

    private void begin() {
        loss.reset();
        trainer.metrics().forEach(m -> m.reset());
        samples = 0;
        seconds = 0;
    }

    private void end(Checkpoint checkpoint, boolean due) throws IOException {
        checkFinite();
        Map<String, Double> values = current();
        double spent = seconds();
        boolean last = done + 1 == options.epochs;
        if (data.validation() != null && (last || (done + 1) % options.validationEvery == 0)) {
            try (Context.Mode _ = run.averages()) {
                trainer.evaluate(data.validation(), options.autocast, false)
                        .forEach((name, v) -> values.put("val_" + name, v));
            }
            model().eval();
        }
        history.add(new History.Epoch(done + 1, values, run.lr(), spent, samples));
        each(c -> c.onEpochEnd(run, values));
        done++;
        batch = 0;
        inEpoch = false;
        stopped = run.stopped().isPresent();
        if (options.checkpoints != null && (due || options.checkpoints.isDueAfterEpoch(done, last || stopped))) {
            save(checkpoint);
        }
    }

    /// The batches that make a step of the optimiser.
    private void step(Epoch batches) throws IOException {
        int group = (int) Math.min(options.accumulate, batches() - batch);
        for (int i = 0; i < group; i++) {
            try (Scope _ = Scope.open()) {
                if (!batches.hasNext()) {
                    throw new IllegalStateException("the loader gave " + batch + " batches in epoch " + epoch()
                            + ", and " + batches() + " as their number");
                }
                Batch b = batches.next();
                if (i == 0) {
                    optimizer().zeroGrad();
                }
                backward(b, group);
                batch++;
                samples += b.size();
                if (i == group - 1) {
                    update();
                    step++;
                }
                each(c -> c.onBatchEnd(run));
                if (i == group - 1) {
                    each(c -> c.onStepEnd(run));
                }
            }
        }
    }

    private void backward(Batch b, int group) {
        Context.Mode anomalies = trail == null ? () -> { } : Context.detectAnomalies();
        try (anomalies) {
            if (trail != null) {
                trail.begin();
                checkBatch(b);
            }
            Step.Result r;
            try (Context.Mode _ = options.autocast == null ? () -> { } : Autocast.enter(options.autocast)) {
                r = compute(b);
            }
            Tensor part = group == 1 ? r.loss() : r.loss().div((double) group);
            (scaler == null ? part : scaler.scale(part)).backward();
            loss.update(r.loss(), b.size());
            trainer.metrics().forEach(m -> m.update(r.output(), r.target()));
            if (options.stopOnNaN) {
                watch.see(r.loss(), step);
            }
        } catch (TensorException e) {
            if (trail == null || !String.valueOf(e.getMessage()).contains("made NaN")) {
                throw e;
            }
            String layer = trail.layer();
            throw new DivergedException("NaN at step " + step + " (" + place() + ")"
                    + (layer == null ? "" : " in layer " + layer) + ": " + e.getMessage(), step, epoch(), layer, e);
        }
    }

    private Step.Result compute(Batch b) {
        if (data.isWeighted() && trainer.loss() instanceof WeightedLoss w) {
            Tensor out = model().call(b.input());
            return new Step.Result(out, b.target(), w.weighted(out, b, data.classWeights(), data.sampleWeights()));
        }
        return trainer.compute(b);
    }

    private void checkBatch(Batch b) {
        for (int f = 0; f < b.fields().size(); f++) {
            Tensor t = b.tensors().get(f);
            if (t.dtype().isFloating() && t.isFinite().all().item() == 0) {
                throw new DivergedException("the data holds NaN or infinities at step " + step + " (" + place()
                        + "): field " + b.fields().get(f) + " of the samples "
                        + Arrays.toString(b.indices()), step, epoch(), null, null);
            }
        }
    }

    private String place() {
        return "epoch " + epoch() + ", batch " + (batch + 1) + " of " + batches();
    }

    private void update() {
        Optimizer optimizer = optimizer();
        boolean clips = !Double.isNaN(options.clipNorm) || !Double.isNaN(options.clipValue);
        if (scaler != null && clips) {
            scaler.unscale(optimizer);
        }
        if (!Double.isNaN(options.clipNorm)) {
            GradientClipping.clipGradNorm(optimizer.parameters(), options.clipNorm);
        }
        if (!Double.isNaN(options.clipValue)) {
            GradientClipping.clipGradValue(optimizer.parameters(), options.clipValue);
        }
        boolean changed = true;
        if (scaler != null) {
            changed = scaler.step(optimizer);
            scaler.update();
        } else {
            optimizer.step();
        }
        if (average != null && changed) {
            average.update();
        }
    }

    private void checkFinite() {
        long bad = watch.first();
        if (bad >= 0) {
            throw new DivergedException("training has diverged: the loss of step " + bad + " (epoch "
                    + (bad / stepsPerEpoch() + 1) + ") is no finite number"
                    + NaNWatch.parameter(model()).map(p -> ", and neither is parameter " + p).orElse("")
                    + "; try a smaller learning rate than " + run.lr() + " or clipNorm(...), or find the layer with"
                    + " detectAnomalies(true)", bad, (int) (bad / stepsPerEpoch()) + 1, null, null);
        }
    }

    // --- checkpoints

    private void save(Checkpoint checkpoint) throws IOException {
        if (options.checkpoints != null) {
            checkFinite();
            options.checkpoints.save(checkpoint, Map.of("step", Long.toString(step)), step, done);
        }
    }

    /// Where the run is: what belongs to no other part.
    private final class RunState implements Checkpoint.Part {
        private final List<String> parts;

        RunState(List<String> parts) {
            this.parts = parts;
        }

        @Override
        public void save(Map<String, Tensor> tensors, Map<String, String> text) {
            text.put("parts", String.join(" ", parts));
            text.put("accumulate", Integer.toString(options.accumulate));
            text.put("batch", Long.toString(batch));
            text.put("samples", Long.toString(samples));
            text.put("step", Long.toString(step));
            text.put("done", Integer.toString(done));
            text.put("stopped", run.stopped().filter(_ -> stopped).orElse(""));
            text.put("seconds", Double.toString(seconds()));
            data.train().state().toMap().forEach((key, v) -> text.put("loader." + key, v));
            history().save(text);
            if (batch > 0) {
                part(loss, "loss", tensors, text);
                trainer.metrics().forEach(m -> part(m, m.name(), tensors, text));
            }
        }

        private void part(Checkpoint.Part p, String name, Map<String, Tensor> tensors, Map<String, String> text) {
            Map<String, Tensor> t = new LinkedHashMap<>();
            Map<String, String> s = new LinkedHashMap<>();
            p.save(t, s);
            t.forEach((key, v) -> tensors.put("metric." + name + "." + key, v));
            s.forEach((key, v) -> text.put("metric." + name + "." + key, v));
        }

        @Override
        public void load(Map<String, Tensor> tensors, Map<String, String> text) {
            String saved = History.word(text, "parts");
            if (!saved.equals(String.join(" ", parts))) {
                throw new IllegalArgumentException("resume: the checkpoint was written with [" + saved
                        + "], and this fit has " + parts + ": give fit the options that it was begun with");
            }
            check("accumulate", text, options.accumulate);
            check("loader.batches", text, batches());
            check("loader.samples", text, samplesPerEpoch());
            check("loader.seed", text, data.train().state().seed());
            done = Integer.parseInt(History.word(text, "done"));
            batch = Long.parseLong(History.word(text, "batch"));
            samples = Long.parseLong(History.word(text, "samples"));
            step = Long.parseLong(History.word(text, "step"));
            seconds = Double.parseDouble(History.word(text, "seconds"));
            String reason = History.word(text, "stopped");
            if (!reason.isEmpty()) {
                stopped = true;
                run.stop(reason);
            }
            history.clear();
            history.addAll(History.load(text));
            if (batch > 0) {
                loss.load(inside("metric.loss.", tensors), inside("metric.loss.", text));
                trainer.metrics().forEach(m ->
                        m.load(inside("metric." + m.name() + ".", tensors), inside("metric." + m.name() + ".", text)));
            }
        }

        private void check(String key, Map<String, String> text, long mine) {
            long saved = Long.parseLong(History.word(text, key));
            if (saved != mine) {
                throw new IllegalArgumentException("resume: the checkpoint was written with " + key + " " + saved
                        + ", and this fit has " + mine + ": give fit the data and the options that it was begun with");
            }
        }

        private static <V> Map<String, V> inside(String prefix, Map<String, V> all) {
            Map<String, V> out = new LinkedHashMap<>();
            all.forEach((key, v) -> {
                if (key.startsWith(prefix)) {
                    out.put(key.substring(prefix.length()), v);
                }
            });
            return out;
        }
    }
}
