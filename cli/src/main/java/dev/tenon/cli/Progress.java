package dev.tenon.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/// Shows how training goes: a bar on a terminal, and a line per epoch everywhere; on standard error.
final class Progress implements AutoCloseable {
    private final PrintWriter err;
    private final boolean bars;
    private final int epochs;
    private @Nullable ProgressBar bar;

    Progress(PrintWriter err, int epochs) {
        this.err = err;
        this.epochs = epochs;
        Console console = System.console();
        this.bars = console != null && console.isTerminal();
    }

    void begin(int epoch, long samples) {
        if (bars) {
            bar = new ProgressBarBuilder()
                .setTaskName("epoch " + epoch + "/" + epochs)
                .setInitialMax(samples)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(200)
                .clearDisplayOnFinish()
                .build();
        }
    }

    /// Whether the numbers of a step would be shown: computing them costs a little.
    boolean shows() {
        return bar != null;
    }

    void step(long samples, double loss, double accuracy, double perSecond) {
        if (bar != null) {
            bar.stepTo(samples);
            bar.setExtraMessage(String.format(Locale.ROOT, " loss %.4f, accuracy %.2f %%, %.0f samples/s", loss,
                100 * accuracy, perSecond));
        }
    }

    void end(int epoch, double loss, double accuracy, double testAccuracy, double perSecond) {
        close();
        err.printf(Locale.ROOT, "epoch %d/%d: loss %.4f, accuracy %.2f %%, test accuracy %.2f %%, %.0f samples/s%n",
            epoch, epochs, loss, 100 * accuracy, 100 * testAccuracy, perSecond);
        err.flush();
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
