package dev.tenon.cli;

import dev.tenon.nn.train.Callback;
import dev.tenon.nn.train.TrainingRun;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/// Shows how training goes: a bar on a terminal, and a line per epoch everywhere; on standard error.
final class Progress implements Callback, AutoCloseable {
    private static final long SHOW_NANOS = 200_000_000;

    private final PrintWriter err;
    private final boolean bars;
    private final boolean text;
    private @Nullable ProgressBar bar;
    private long shown;

    /// @param text whether a model of language is trained
    Progress(PrintWriter err, boolean text) {
        this.err = err;
        this.text = text;
        Console console = System.console();
        this.bars = console != null && console.isTerminal();
    }

    @Override
    public void onTrainBegin(TrainingRun run) {
        if (run.step() > 0) {
            err.printf(Locale.ROOT, "going on after step %d%s%n", run.step(),
                run.stopped().map(why -> ", which was the last: " + why).orElse(""));
            err.flush();
        }
    }

    @Override
    public void onEpochBegin(TrainingRun run) {
        if (bars) {
            bar = new ProgressBarBuilder()
                .setTaskName("epoch " + run.epoch() + "/" + run.epochs())
                .setInitialMax(run.samplesPerEpoch())
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(200)
                .clearDisplayOnFinish()
                .build();
            shown = System.nanoTime();
        }
    }

    @Override
    public void onBatchEnd(TrainingRun run) {
        long now = System.nanoTime();
        if (bar != null && now - shown > SHOW_NANOS) {
            shown = now;
            bar.stepTo(run.samples());
            bar.setExtraMessage(" " + values(run.current(), "", run));
        }
    }

    @Override
    public void onEpochEnd(TrainingRun run, Map<String, Double> values) {
        close();
        err.printf(Locale.ROOT, "epoch %d/%d: %s%n", run.epoch(), run.epochs(), values(values, "test ", run));
        err.flush();
    }

    private String values(Map<String, Double> values, String test, TrainingRun run) {
        double loss = values.getOrDefault("loss", Double.NaN);
        double perSecond = run.samples() / (test.isEmpty() ? run.seconds() : run.history().last().seconds());
        String name = text ? "perplexity" : "accuracy";
        StringBuilder s = new StringBuilder(String.format(Locale.ROOT, "loss %.4f", loss));
        s.append(", ").append(name).append(' ').append(number(values.getOrDefault(name, Double.NaN)));
        if (!test.isEmpty()) {
            s.append(", ").append(test).append(name).append(' ')
                .append(number(values.getOrDefault("val_" + name, Double.NaN)));
        }
        return s.append(String.format(Locale.ROOT, ", %.0f samples/s", perSecond)).toString();
    }

    private String number(double value) {
        return text ? String.format(Locale.ROOT, "%.3f", value) : String.format(Locale.ROOT, "%.2f %%", 100 * value);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
