package dev.tenon.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.data.DigitsDataset;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.metric.Accuracy;
import dev.tenon.nn.optim.SGD;
import dev.tenon.nn.train.Checkpoints;
import dev.tenon.nn.train.FitOptions;
import dev.tenon.nn.train.Trainer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressTest {
    @TempDir
    private Path folder;

    private List<String> lines(int epochs, Function<Map<String, Double>, String> text) throws IOException {
        var net = new Sequential(new Flatten(), new Linear(784, 10));
        Trainer trainer = Trainer.of(net).optimizer(p -> new SGD(p, 0.01)).loss(new CrossEntropyLoss())
                .metrics(new Accuracy()).build();
        StringWriter out = new StringWriter();
        trainer.resume(folder);
        try (Progress progress = new Progress(new PrintWriter(out), text)) {
            trainer.fit(FitOptions.of(new DigitsDataset(1, 40)).validation(new DigitsDataset(2, 20)).batchSize(20)
                    .epochs(epochs).checkpoints(Checkpoints.in(folder)).callbacks(progress));
        }
        return out.toString().lines().toList();
    }

    @Test
    void aLineForEachEpochAndForARunThatGoesOn() throws IOException {
        List<String> first = lines(2, v -> String.join(" ", v.keySet()));
        assertEquals(2, first.size(), first.toString());
        assertTrue(first.getFirst().matches("epoch 1/2: loss accuracy val_loss val_accuracy, \\d+ samples/s"),
                first.toString());
        List<String> then = lines(3, v -> String.join(" ", v.keySet()));
        assertEquals("going on after step 4", then.getFirst());
        assertTrue(then.get(1).startsWith("epoch 3/3: "), then.toString());
    }

    @Test
    void allValuesOnStandardError() throws IOException {
        PrintStream before = System.err;
        var out = new ByteArrayOutputStream();
        System.setErr(new PrintStream(out, true));
        try (Progress progress = new Progress()) {
            var net = new Sequential(new Flatten(), new Linear(784, 10));
            Trainer.of(net).optimizer(p -> new SGD(p, 0.01)).loss(new CrossEntropyLoss()).metrics(new Accuracy())
                    .build().fit(FitOptions.of(new DigitsDataset(1, 40)).callbacks(progress));
        } finally {
            System.setErr(before);
        }
        assertTrue(out.toString().lines().anyMatch(l -> l.matches(
                "epoch 1/1: loss \\S+, accuracy \\S+, \\d+ samples/s")), out.toString());
    }
}
