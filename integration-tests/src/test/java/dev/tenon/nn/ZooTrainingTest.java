package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.Batch;
import dev.tenon.data.DataLoader;
import dev.tenon.data.DigitsDataset;
import dev.tenon.data.Epoch;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.CosineAnnealingLR;
import dev.tenon.nn.optim.LRScheduler;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Models for small images learn the generated digits.
class ZooTrainingTest {
    private static final CrossEntropyLoss CRITERION = new CrossEntropyLoss();

    private static Module grey(String name) {
        Tensors.manualSeed(1);
        return Models.create(name, new ModelOptions().inChannels(1));
    }

    @ParameterizedTest
    @CsvSource({"lenet5, 20", "lenet5_modern, 20", "resnet20_cifar, 4", "densenet40_cifar, 4", "resnet18_cifar, 4"})
    void someStepsLowerTheLoss(String name, int steps) {
        Module model = grey(name);
        Adam optimizer = new Adam(model.parameters(), 0.002);
        try (DataLoader loader = DataLoader.builder(new DigitsDataset(1, 8)).batchSize(8).build();
                Scope _ = Scope.open()) {
            Batch batch = loader.epoch(0).next();
            double first = 0;
            double last = 0;
            for (int step = 0; step < steps; step++) {
                last = step(model, optimizer, batch).item();
                first = step == 0 ? last : first;
            }
            assertTrue(last < 0.8 * first, name + ": loss " + first + ", later " + last);
        }
    }

    private static Tensor step(Module model, Adam optimizer, Batch batch) {
        optimizer.zeroGrad();
        Tensor loss = CRITERION.call(model.call(batch.input()), batch.target());
        loss.backward();
        optimizer.step();
        return loss;
    }

    /// Takes minutes: `-Dtenon.zoo.train=true`.
    @ParameterizedTest
    @CsvSource({"lenet5, 4000, 4, 0.9", "densenet40_cifar, 2000, 3, 0.95", "resnet18_cifar, 1500, 2, 0.95"})
    void accuracy(String name, int samples, int epochs, double least) {
        assumeTrue(Boolean.getBoolean("tenon.zoo.train"), "takes minutes: run with -Dtenon.zoo.train=true");
        Module model = grey(name);
        Adam optimizer = new Adam(model.parameters(), 0.002);
        long start = System.nanoTime();
        try (DataLoader loader = DataLoader.builder(new DigitsDataset(1, samples)).batchSize(50).shuffle(1).build()) {
            LRScheduler schedule = new LRScheduler(optimizer, new CosineAnnealingLR(loader.size() * epochs, 0));
            for (int e = 0; e < epochs; e++) {
                model.train();
                double sum = 0;
                try (Epoch batches = loader.epoch(e)) {
                    while (batches.hasNext()) {
                        try (Scope _ = Scope.open()) {
                            sum += step(model, optimizer, batches.next()).item();
                            schedule.step();
                        }
                    }
                }
                System.out.printf("%s epoch %d: loss %.4f, test accuracy %.2f %%, %.0f s%n", name, e + 1,
                        sum / loader.size(), 100 * accuracy(model, new DigitsDataset(2, 1000)),
                        (System.nanoTime() - start) / 1e9);
            }
        }
        assertTrue(accuracy(model, new DigitsDataset(2, 1000)) >= least, name);
    }

    private static double accuracy(Module model, DigitsDataset test) {
        model.eval();
        double right = 0;
        try (Context.Mode _ = Context.noGrad();
                DataLoader loader = DataLoader.builder(test).batchSize(100).build(); Epoch batches = loader.epoch(0)) {
            while (batches.hasNext()) {
                try (Scope _ = Scope.open()) {
                    Batch b = batches.next();
                    right += model.call(b.input()).argmax(1, false).eq(b.target()).to(DType.F32).sum().item();
                }
            }
        }
        return right / test.size();
    }
}
