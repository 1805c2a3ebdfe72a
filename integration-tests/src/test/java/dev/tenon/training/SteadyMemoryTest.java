package dev.tenon.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.LeakReport;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import dev.tenon.nn.optim.Adam;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Training without any scope: what becomes unreachable is found again, so memory stays flat and nothing is left over.
class SteadyMemoryTest {
    private static final int STEPS = 2_000;
    private static final int WARM_UP = 1_000;

    /// A program that goes from one set of sizes to another does not keep the memory of all of them.
    @Test
    void sizesThatDoNotComeAgainAreGivenBack() {
        Device device = Device.of("cpu");
        device.emptyCache();
        long before = device.memory().reserved();
        long most = 0;
        for (long mebibytes = 16; mebibytes < 64; mebibytes++) {
            // Nothing is written, so this takes addresses and no pages.
            try (Tensor x = Tensors.empty(Shape.of(mebibytes << 20), DType.U8, device)) {
                most = Math.max(most, device.memory().reserved() - x.elements());
            }
        }
        long allowed = before + device.memory().peakUsed() / 4 + (256L << 20);
        assertTrue(most <= allowed, most + " bytes lay idle, expected at most " + allowed);
    }

    @Test
    void twoThousandStepsWithoutScopesStayFlat() throws IOException {
        Device device = Device.of("cpu");
        Generator random = new Generator(3);
        Sequential model = new Sequential(
                new Conv2d(1, 8, 3), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(8 * 7 * 7, 10));
        model.to(device);
        Adam optimizer = new Adam(model.parameters(), 1e-3);
        // The first step makes the optimiser's state, which stays.
        step(model, optimizer, device, random);
        LeakReport report = LeakReport.start(device);
        // Unreachable tensors are looked for when memory has grown by 256 MiB: it rises to that, and then stays.
        long warmReserved = 0;
        long warmResident = 0;
        for (int i = 1; i < STEPS; i++) {
            step(model, optimizer, device, random);
            if (i < WARM_UP) {
                warmReserved = Math.max(warmReserved, device.memory().reserved());
                warmResident = i % 50 == 0 ? Math.max(warmResident, resident()) : warmResident;
            }
        }
        long reserved = device.memory().reserved();
        long resident = resident();
        System.out.printf("%d steps without scopes: resident %d MiB in the first %d, %d MiB at the end; device %d, %d"
                + " MiB%n", STEPS, warmResident >> 20, WARM_UP, resident >> 20, warmReserved >> 20, reserved >> 20);
        optimizer.zeroGrad();
        assertEquals(List.of(), report.live(), "left over");
        assertTrue(reserved <= warmReserved + (64 << 20), "device memory grew from " + warmReserved + " to "
                + reserved);
        if (warmResident > 0) {
            assertTrue(resident <= warmResident + (192 << 20), "resident grew from " + warmResident + " to "
                    + resident);
        }
    }

    private static void step(Sequential model, Adam optimizer, Device device, Generator random) {
        Tensor x = Tensors.randn(Shape.of(64, 1, 16, 16), DType.F32, device, random);
        Tensor y = Tensors.randint(0, 10, Shape.of(64), device, random);
        optimizer.zeroGrad();
        ClassLosses.crossEntropy(model.call(x), y).backward();
        optimizer.step();
    }

    /// The resident memory of this process in bytes; 0 where the system does not say.
    private static long resident() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return 0;
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        return 0;
    }
}
