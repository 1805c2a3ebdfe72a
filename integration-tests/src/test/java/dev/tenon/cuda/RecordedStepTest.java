package dev.tenon.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Shape;
import dev.tenon.graph.Training;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.Tanh;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.Adam;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Training steps whose launches were recorded compute the very bits of eager ones: with other batches, other random
/// numbers and another learning rate in each step.
class RecordedStepTest {
    private static final int STEPS = 5;

    @BeforeEach
    @AfterEach
    void reset() {
        RecordingBackend.refuses = false;
        RecordingBackend.RECORDED.set(0);
        RecordingBackend.REPLAYED.set(0);
        RecordingBackend.CLOSED.set(0);
    }

    private static Training training() {
        return new Training(RecordingBackend.device(), STEPS,
                () -> new Sequential(new Linear(6, 16), new Tanh(), new Dropout(0.3), new Linear(16, 3)), Adam::new,
                Shape.of(8, 6), 3);
    }

    @Test
    void stepsAreRecordedAtTheSecondRunAndReplayedFromThenOn() {
        Training training = training();
        training.eager().assertSame(training.captured());
        assertEquals(1, RecordingBackend.RECORDED.get());
        assertEquals(STEPS - 1, RecordingBackend.REPLAYED.get());
        assertEquals(1, RecordingBackend.CLOSED.get());
    }

    @Test
    void aDeviceThatCannotRecordLaunchesKernelByKernel() {
        Training training = training();
        Training.Trained eager = training.eager();
        RecordingBackend.refuses = true;
        int before = RecordingBackend.LAUNCHED.get();
        eager.assertSame(training.captured());
        assertEquals(0, RecordingBackend.REPLAYED.get());
        assertTrue(RecordingBackend.LAUNCHED.get() > before);
    }
}
