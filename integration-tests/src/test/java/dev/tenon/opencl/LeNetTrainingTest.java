package dev.tenon.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.data.Batch;
import dev.tenon.data.DataLoader;
import dev.tenon.data.DigitsDataset;
import dev.tenon.nn.Module;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import dev.tenon.nn.optim.Adam;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// LeNet-5, trained by the same program on the CPU and on an OpenCL device: the same seed, the same losses but for
/// rounding.
class LeNetTrainingTest {
    private static final int STEPS = 100;
    private static final int BATCH = 32;

    private static double[] losses(String name) {
        Device device = Device.of(name);
        Generator.getDefault().manualSeed(1);
        Module model = Models.create("lenet5_modern",
                new ModelOptions().numClasses(10).inChannels(1).imageSize(28, 28));
        model.to(device);
        Adam optimizer = new Adam(model.parameters(), 0.002);
        CrossEntropyLoss criterion = new CrossEntropyLoss();
        double[] losses = new double[STEPS];
        try (DataLoader loader = DataLoader.builder(new DigitsDataset(1, STEPS * BATCH)).batchSize(BATCH).shuffle(1)
                .workers(1).pinMemory(true).device(device).build()) {
            int step = 0;
            for (Batch batch : loader) {
                try (Scope _ = Scope.open(); batch) {
                    Tensor loss = criterion.call(model.call(batch.input()), batch.target());
                    optimizer.zeroGrad();
                    loss.backward();
                    optimizer.step();
                    losses[step++] = loss.item();
                }
            }
        }
        return losses;
    }

    @Test
    void theLossesAreTheCpus() {
        Twins.requireOpenCl();
        double[] cpu = losses("cpu");
        double[] opencl = losses("opencl");
        double worst = 0;
        for (int i = 0; i < STEPS; i++) {
            worst = Math.max(worst, Math.abs(cpu[i] - opencl[i]));
        }
        System.out.printf("LeNet-5, %d steps: loss %.4f at first, %.4f at last;"
                + " cpu and opencl differ by %.2g at most%n", STEPS, cpu[0], cpu[STEPS - 1], worst);
        assertTrue(cpu[STEPS - 1] < cpu[0] / 3, () -> Arrays.toString(cpu));
        for (int i = 0; i < STEPS; i++) {
            // The first differ by the order of summation; Adam's quotients then carry differences on.
            assertEquals(cpu[i], opencl[i], i < 10 ? 1e-5 : 2e-3, "loss of step " + i);
        }
    }
}
