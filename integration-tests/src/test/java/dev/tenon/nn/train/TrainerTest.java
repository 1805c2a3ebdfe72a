package dev.tenon.nn.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.Batch;
import dev.tenon.data.DataLoader;
import dev.tenon.data.Dataset;
import dev.tenon.data.DigitsDataset;
import dev.tenon.data.Sample;
import dev.tenon.data.TensorDataset;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.loss.MSELoss;
import dev.tenon.nn.metric.Accuracy;
import dev.tenon.nn.metric.ConfusionMatrix;
import dev.tenon.nn.metric.MeanAbsoluteError;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.CosineAnnealingLR;
import dev.tenon.nn.optim.ExponentialMovingAverage;
import dev.tenon.nn.optim.GradientClipping;
import dev.tenon.nn.optim.LBFGS;
import dev.tenon.nn.optim.LRScheduler;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.SGD;
import dev.tenon.nn.precision.Autocast;
import dev.tenon.nn.precision.GradScaler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class TrainerTest {
    private static final Dataset<Sample> DIGITS = new DigitsDataset(1, 300);

    private static Sequential net() {
        Generator.getDefault().manualSeed(3);
        return new Sequential(new Flatten(), new Linear(784, 20), new ReLU(), new Dropout(0.2), new Linear(20, 10));
    }

    private static Trainer trainer(Module net) {
        return Trainer.of(net).optimizer(p -> new Adam(p, 0.01)).loss(new CrossEntropyLoss()).metrics(new Accuracy())
                .build();
    }

    private static float[] weights(Module net) {
        List<float[]> parts = net.parameters().stream().map(p -> p.get().toFloatArray()).toList();
        float[] out = new float[parts.stream().mapToInt(p -> p.length).sum()];
        int at = 0;
        for (float[] p : parts) {
            System.arraycopy(p, 0, out, at, p.length);
            at += p.length;
        }
        return out;
    }

    @Test
    void itLearns() {
        Sequential net = net();
        var confusion = new ConfusionMatrix();
        var trainer = Trainer.of(net).optimizer(new Adam(net.parameters(), 0.01)).loss(new CrossEntropyLoss())
                .metrics(new Accuracy(), confusion).build();
        var test = new DigitsDataset(2, 200);
        History h = trainer.fit(FitOptions.of(new DigitsDataset(1, 2000)).validation(test).epochs(4).batchSize(50));
        assertEquals(List.of("loss", "accuracy", "val_loss", "val_accuracy"), List.copyOf(h.names()));
        assertEquals(4, h.epochs().size());
        assertTrue(h.last().get("loss") < h.epochs().getFirst().get("loss"), h.toString());
        assertTrue(h.last().get("val_accuracy") > 0.7, h.toString());
        assertFalse(net.isTraining());
        assertEquals(200, Arrays.stream(confusion.matrix()).mapToLong(r -> LongStream.of(r).sum()).sum());
        Map<String, Double> values = trainer.evaluate(test);
        assertEquals(h.last().get("val_accuracy"), values.get("accuracy"));
        assertEquals(h.last().get("val_loss"), values.get("loss"), 1e-6);
        long[] said = trainer.predict(test).argmax(1, false).toLongArray();
        double right = 0;
        for (int i = 0; i < said.length; i++) {
            right += said[i] == new DigitsDataset(2, 200).label(i) ? 1 : 0;
        }
        assertEquals(values.get("accuracy"), right / 200, 1e-12);
    }

    /// All options at once give what the loop written by hand gives, bit by bit.
    @Test
    void theLoopIsTheOneThatIsWrittenByHand() {
        for (DType autocast : new DType[] {null, DType.BF16, DType.F16}) {
            Sequential net = net();
            FitOptions o = FitOptions.of(DIGITS).epochs(2).batchSize(40).seed(5).accumulate(3).clipNorm(0.5)
                    .clipValue(0.1).average(0.9).callbacks(LearningRate.perStep(new CosineAnnealingLR(6, 0)));
            trainer(net).fit(autocast == null ? o : o.autocast(autocast));

            Sequential own = net();
            Optimizer optimizer = new Adam(own.parameters(), 0.01);
            var schedule = new LRScheduler(optimizer, new CosineAnnealingLR(6, 0));
            var average = new ExponentialMovingAverage(own, 0.9);
            var scaler = new GradScaler();
            own.train();
            try (var loader = DataLoader.builder(DIGITS).batchSize(40).shuffle(5).build()) {
                for (int e = 0; e < 2; e++) {
                    optimizer.zeroGrad();
                    for (Batch b : loader.epoch(e)) {
                        // eight batches: three, three and two
                        int group = b.number() < 6 ? 3 : 2;
                        Tensor loss;
                        try (Context.Mode _ = autocast == null ? () -> { } : Autocast.enter(autocast)) {
                            loss = new CrossEntropyLoss().call(own.call(b.input()), b.target()).div((double) group);
                        }
                        (autocast == DType.F16 ? scaler.scale(loss) : loss).backward();
                        if (b.number() % 3 == 2 || b.number() == 7) {
                            if (autocast == DType.F16) {
                                scaler.unscale(optimizer);
                            }
                            GradientClipping.clipGradNorm(own.parameters(), 0.5);
                            GradientClipping.clipGradValue(own.parameters(), 0.1);
                            boolean made = true;
                            if (autocast == DType.F16) {
                                made = scaler.step(optimizer);
                                scaler.update();
                            } else {
                                optimizer.step();
                            }
                            if (made) {
                                average.update();
                            }
                            schedule.step();
                            optimizer.zeroGrad();
                        }
                    }
                }
            }
            average.copyToParameters();
            assertArrayEquals(weights(own), weights(net), "autocast " + autocast);
        }
    }

    @Test
    void theNumberOfWorkersChangesNothing() {
        Sequential a = net();
        trainer(a).fit(FitOptions.of(DIGITS).epochs(2).workers(0));
        Sequential b = net();
        trainer(b).fit(FitOptions.of(DIGITS).epochs(2).workers(3));
        assertArrayEquals(weights(a), weights(b));
    }

    /// Gradients of a linear model by hand: the loss is the sum of weighted losses over their number.
    @Test
    void weightsOfClassesAndSamplesMultiplyLosses() {
        Tensor x = Tensors.of(new float[][] {{1, 0}, {0, 1}, {1, 1}});
        Tensor y = Tensors.of(0L, 1, 1);
        for (boolean split : new boolean[] {false, true}) {
            Generator.getDefault().manualSeed(1);
            var net = new Linear(2, 2);
            double[] classes = {1, 3};
            double[] samples = {0.5, 2, 0};
            float[] before = net.call(x).softmax(1).toFloatArray();
            FitOptions o = FitOptions.of(x, y).batchSize(3).classWeights(classes).sampleWeights(samples);
            Trainer t = Trainer.of(net).optimizer(new SGD(net.parameters(), 1)).loss(new CrossEntropyLoss()).build();
            float[] bias = net.parameters().get(1).get().toFloatArray();
            if (split) {
                o.validationSplit(0.34).shuffle(false);
            }
            History h = t.fit(o);
            float[] after = net.parameters().get(1).get().toFloatArray();
            if (split) {
                // Two of the three are trained on, each with its own weight.
                assertNotEquals(bias[0], after[0]);
                assertTrue(h.names().contains("val_loss"));
                continue;
            }
            double gradient = 0;
            double loss = 0;
            long[] targets = y.toLongArray();
            for (int i = 0; i < 3; i++) {
                double w = classes[(int) targets[i]] * samples[i] / 3;
                gradient += w * (before[2 * i] - (targets[i] == 0 ? 1 : 0));
                loss -= w * Math.log(before[2 * i + (int) targets[i]]);
            }
            assertEquals(bias[0] - gradient, after[0], 1e-6);
            assertEquals(loss, h.last().get("loss"), 1e-6);
        }
    }

    @Test
    void aValidationSplitIsLeftOutOfTraining() {
        float[] x = new float[100];
        for (int i = 0; i < 100; i++) {
            x[i] = i;
        }
        Tensor inputs = Tensors.of(x).reshape(100, 1);
        var net = new Linear(1, 1);
        List<Float> seen = new ArrayList<>();
        List<Float> held = new ArrayList<>();
        Trainer t = Trainer.of(net).optimizer(new SGD(net.parameters(), 0)).step(b -> {
            for (float v : b.input().toFloatArray()) {
                (net.isTraining() ? seen : held).add(v);
            }
            Tensor out = net.call(b.input());
            return new Step.Result(out, b.target(), out.sub(b.target()).square().mean());
        }).metrics(new MeanAbsoluteError()).build();
        t.fit(FitOptions.of(inputs, inputs).validationSplit(0.25).seed(4));
        assertEquals(75, seen.size());
        assertEquals(25, held.size());
        seen.addAll(held);
        seen.sort(null);
        for (int i = 0; i < 100; i++) {
            assertEquals(i, seen.get(i));
        }
        assertNotEquals(99f, held.getLast(), "the split is by chance, not the end");
    }

    @Test
    void callbacksHearEventsInTheOrderThatIsWrittenDown() {
        List<String> heard = new ArrayList<>();
        class Ear implements Callback {
            @Override
            public void onPrepare(TrainingRun run) {
                heard.add("prepare");
            }

            @Override
            public void onTrainBegin(TrainingRun run) {
                heard.add("begin " + run.epochs());
            }

            @Override
            public void onEpochBegin(TrainingRun run) {
                heard.add("epoch " + run.epoch());
            }

            @Override
            public void onBatchEnd(TrainingRun run) {
                heard.add("batch " + run.batch() + "/" + run.batches() + " " + run.samples());
            }

            @Override
            public void onStepEnd(TrainingRun run) {
                heard.add("step " + run.step());
            }

            @Override
            public void onEpochEnd(TrainingRun run, Map<String, Double> values) {
                heard.add("end " + run.epoch() + " " + values.keySet() + " " + run.history().epochs().size());
            }

            @Override
            public void onTrainEnd(TrainingRun run) {
                heard.add("over " + run.epoch());
            }
        }
        trainer(net()).fit(FitOptions.of(DIGITS.range(0, 50)).validation(DIGITS).validationEvery(2).epochs(3)
                .initialEpoch(1).batchSize(20).accumulate(2).callbacks(new Ear()));
        assertEquals(List.of("prepare", "begin 3", "epoch 2", "batch 1/3 20", "batch 2/3 40", "step 3", "batch 3/3 50",
                "step 4", "end 2 [loss, accuracy, val_loss, val_accuracy] 1", "epoch 3", "batch 1/3 20", "batch 2/3 40",
                "step 5", "batch 3/3 50", "step 6", "end 3 [loss, accuracy, val_loss, val_accuracy] 2", "over 3"),
                heard);
    }

    @Test
    void theRunningMeansAreValidatedAndLeftInTheModel() {
        Sequential net = net();
        List<float[]> last = new ArrayList<>();
        Trainer t = trainer(net);
        History h = t.fit(FitOptions.of(DIGITS).validation(DIGITS).epochs(2).average(0.95).callbacks(
                LambdaCallback.onEpochEnd((run, _) -> last.add(weights(run.model())))));
        assertFalse(Arrays.equals(last.getLast(), weights(net)));
        assertEquals(h.last().get("val_accuracy"), t.evaluate(DIGITS).get("accuracy"), 1e-12);
    }

    /// Measuring in the middle of an epoch does not change what is gathered over the epoch.
    @Test
    void evaluationWithinAnEpochLeavesTheEpochsMetricsAlone() {
        List<Double> accuracies = new ArrayList<>();
        for (boolean measure : new boolean[] {false, true}) {
            Trainer t = trainer(net());
            FitOptions o = FitOptions.of(DIGITS).seed(2);
            if (measure) {
                o.callbacks(LambdaCallback.onStepEnd(run -> {
                    Map<String, Double> before = run.current();
                    assertNotEquals(before, t.evaluate(DIGITS.range(0, 20)));
                    assertEquals(before, run.current());
                    assertTrue(run.model().isTraining());
                }));
            }
            accuracies.add(t.fit(o).last().get("accuracy"));
        }
        assertEquals(accuracies.get(0), accuracies.get(1));
    }

    @Test
    void aCallbackStopsTrainingWithinAnEpoch() {
        History h = trainer(net()).fit(FitOptions.of(DIGITS).epochs(5).batchSize(100).callbacks(
                LambdaCallback.onStepEnd(run -> {
                    if (run.step() == 5) {
                        run.stop("enough");
                    }
                })));
        assertEquals(1, h.epochs().size());
    }

    @Test
    void aLossThatIsNoNumberNamesTheStepAndWithAnomaliesTheLayer() {
        Tensor x = Tensors.of(new float[] {1, 2, 3, 4}, Shape.of(4, 1), Device.getDefault());
        class Root extends Module {
            @Override
            public Tensor forward(Tensor v) {
                return v.sqrt();
            }
        }
        for (boolean anomalies : new boolean[] {false, true}) {
            Generator.getDefault().manualSeed(1);
            var linear = new Linear(1, 1);
            linear.parameters().getFirst().get().detach().fill_(1);
            linear.parameters().getLast().get().detach().fill_(0);
            var net = new Sequential().add("first", linear).add("root", new Root());
            // Each step takes more from the weight than there is: below 0 a square root is NaN.
            var e = assertThrows(DivergedException.class, () -> Trainer.of(net)
                    .optimizer(new SGD(net.parameters(), 2)).loss(new MSELoss()).build()
                    .fit(FitOptions.of(x, Tensors.zeros(4, 1)).batchSize(1).shuffle(false)
                            .detectAnomalies(anomalies)));
            assertEquals(1, e.step(), e.getMessage());
            assertEquals(1, e.epoch());
            assertTrue(e.getMessage().contains("step 1"), e.getMessage());
            if (anomalies) {
                assertEquals("root (Root)", e.layer(), e.getMessage());
            } else {
                assertNull(e.layer());
                assertTrue(e.getMessage().contains("first.weight"), e.getMessage());
            }
        }
    }

    @Test
    void anomaliesOfTheBackwardPassAndOfTheDataAreNamed() {
        class Corner extends Module {
            @Override
            public Tensor forward(Tensor v) {
                // 0 at 0, with a slope of infinity times 0
                return v.mul(0).sqrt().mul(0);
            }
        }
        var net = new Sequential().add("first", new Linear(1, 1)).add("corner", new Corner());
        Trainer t = Trainer.of(net).optimizer(new SGD(net.parameters(), 1)).loss(new MSELoss()).build();
        var e = assertThrows(DivergedException.class, () ->
                t.fit(FitOptions.of(Tensors.ones(2, 1), Tensors.ones(2, 1)).detectAnomalies(true)));
        assertEquals("corner (Corner)", e.layer(), e.getMessage());
        var d = assertThrows(DivergedException.class, () -> t.fit(FitOptions.of(
                Tensors.of(Float.NaN, 1f).reshape(2, 1), Tensors.ones(2, 1)).shuffle(false).batchSize(1)
                .detectAnomalies(true)));
        assertTrue(d.getMessage().contains("input") && d.getMessage().contains("[0]"), d.getMessage());
    }

    @Test
    void whatDoesNotFitIsSaid() {
        Sequential net = net();
        var adam = new Adam(net.parameters());
        refused("no optimizer", () -> Trainer.of(net).loss(new MSELoss()).build());
        refused("neither", () -> Trainer.of(net).optimizer(adam).build());
        refused("two metrics", () -> Trainer.of(net).optimizer(adam).loss(new MSELoss())
                .metrics(new Accuracy(), new Accuracy()).build());
        refused("LBFGS", () -> Trainer.of(net).optimizer(p -> new LBFGS(p,
                LBFGS.options(1))).loss(new MSELoss()).build());
        refused("more than once", () -> trainer(net).fit(FitOptions.of(DIGITS).validation(DIGITS).validationSplit(.5)));
        refused("299", () -> trainer(net).fit(FitOptions.of(DIGITS).sampleWeights(new double[299])));
        refused("weight its losses", () -> Trainer.of(net).optimizer(adam).loss((a, b) -> a.sum()).build()
                .fit(FitOptions.of(DIGITS).classWeights(1, 2)));
        refused("nothing to train on", () -> trainer(net).fit(FitOptions.of(DIGITS.range(0, 0))));
        refused("epochs 0", () -> FitOptions.of(DIGITS).epochs(0));
        refused("f32", () -> FitOptions.of(DIGITS).autocast(DType.F32));
        refused("no \"val_loss\" to watch", () -> trainer(net).fit(FitOptions.of(DIGITS)
                .validation(DIGITS).callbacks(new EarlyStopping("val_loos"))), "val_loos");
        refused("gradient", () -> trainer(net).fit(FitOptions.of(new TensorDataset(Tensors.ones(3, 784),
                Tensors.zeros(3)))), "cross_entropy");
    }

    private static void refused(String words, Executable what) {
        refused(words, what, words);
    }

    private static void refused(String what, Executable action, String words) {
        String said = String.valueOf(assertThrows(IllegalArgumentException.class, action, what).getMessage());
        assertTrue(said.contains(words), said);
    }
}
