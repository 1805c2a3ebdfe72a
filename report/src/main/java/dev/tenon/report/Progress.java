package dev.tenon.report;

import dev.tenon.nn.train.Callback;
import dev.tenon.nn.train.TrainingRun;
import java.io.Console;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/// Shows how training goes: on a terminal a bar that moves with each epoch, and everywhere a line after it.
///
/// ```java
/// trainer.fit(FitOptions.of(train).validation(test).epochs(5).callbacks(new Progress()));
/// ```
///
/// ```
/// epoch 1/5: loss 0.4021, accuracy 0.8794, val_loss 0.1873, val_accuracy 0.9432, 15210 samples/s
/// ```
///
/// Closing it takes a bar away that an error has left.
public final class Progress implements Callback, AutoCloseable {
    private static final long SHOW_NANOS = 200_000_000;

    private final PrintWriter out;
    private final Function<Map<String, Double>, String> text;
    private final boolean bars;
    private @Nullable ProgressBar bar;
    private long shown;

    /// On standard error, with all values.
    public Progress() {
        this(new PrintWriter(System.err, false, Charset.defaultCharset()), Progress::values);
    }

    /// @param out where the lines go; the bar goes to the terminal, if there is one
    /// @param text what is said of the values so far in an epoch, or of those at its end, which include validation
    public Progress(PrintWriter out, Function<Map<String, Double>, String> text) {
        this.out = out;
        this.text = text;
        Console console = System.console();
        this.bars = console != null && console.isTerminal();
    }

    private static String values(Map<String, Double> values) {
        return values.entrySet().stream().map(e -> String.format(Locale.ROOT, "%s %.4g", e.getKey(), e.getValue()))
                .collect(Collectors.joining(", "));
    }

    @Override
    public void onTrainBegin(TrainingRun run) {
        if (run.step() > 0) {
            say("going on after step " + run.step()
                    + run.stopped().map(why -> ", which was the last: " + why).orElse(""));
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
            bar.setExtraMessage(" " + withRate(run.current(), run.samples() / run.seconds()));
        }
    }

    @Override
    public void onEpochEnd(TrainingRun run, Map<String, Double> values) {
        close();
        say("epoch " + run.epoch() + "/" + run.epochs() + ": "
                + withRate(values, run.samples() / run.history().last().seconds()));
    }

    private String withRate(Map<String, Double> values, double perSecond) {
        return text.apply(values) + String.format(Locale.ROOT, ", %.0f samples/s", perSecond);
    }

    private void say(String line) {
        out.println(line);
        out.flush();
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
