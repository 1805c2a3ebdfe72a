package dev.tenon.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.api.Device;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Networks with given weights compute what PyTorch does: outputs in evaluation mode, and of one training step the
/// loss, the gradients and the running statistics, in `F32` and `F64`, on the device of `-Dtenon.device`.
///
/// Each folder below `-Dtenon.parity.dir` (by default `models` in the folder of the other reference data, see
/// [ConformanceFolder]) is one network: `state.safetensors`, `input.npy`, `labels.npy`, `output.npy`, `expected.json`,
/// and perhaps `state.pt` with the same values. `model_parity.py`, among the resources, writes such folders.
/// `-Dtenon.parity.only=resnet` runs the networks whose names start so, `-Dtenon.parity.dtypes=f32` in one dtype.
class ModelParityTest {
    private static final String SCRIPT = "model_parity.py";

    @Test
    void everyFolder() throws IOException {
        String given = System.getProperty("tenon.parity.dir");
        Optional<Path> parent = given == null ? ConformanceFolder.find("models", "README.md")
                : Optional.of(Path.of(given)).filter(Files::isDirectory)
                        .or(() -> Optional.of(Path.of("..").resolve(given)));
        assumeTrue(parent.isPresent(), "no networks to compare with: -Dtenon.parity.dir is not set, and there is no"
                + " folder ../shared/conformance/models beside the repository");
        ModelParity parity = new ModelParity(Device.getDefault());
        parity.runAll(parent.orElseThrow());
        parity.report();
    }

    /// PyTorch builds some small networks and computes with them now, by the Python of `-Dtenon.python`.
    @Test
    void freshlyComputed(@TempDir Path folder) throws IOException, InterruptedException {
        assumeTrue(System.getProperty("tenon.parity.dir") == null, "other networks are asked for");
        String python = System.getProperty("tenon.python", "/usr/bin/python3");
        assumeTrue(new File(python).canExecute() && run(folder, python, "-c", "import torch, torchvision") == 0,
                python + " has no torch and torchvision (Debian: python3-torch, python3-torchvision)");
        Path script = folder.resolve(SCRIPT);
        try (InputStream in = Objects.requireNonNull(ModelParityTest.class.getResourceAsStream(SCRIPT), SCRIPT)) {
            Files.copy(in, script);
        }
        String data = folder.resolve("models").toString();
        assertEquals(0, run(folder, python, script.toString(), "data", data, "--seed", "7", "--batch", "3", "--classes",
                "12", "lenet5_modern", "char_lstm", "gpt_mini", "resnet20_cifar", "densenet40_cifar", "googlenet_aux"),
                () -> "the script failed: see above");
        ModelParity parity = new ModelParity(Device.getDefault());
        parity.runAll(Path.of(data));
        parity.report();
    }

    /// @return the exit code
    private static int run(Path folder, String... command) throws IOException, InterruptedException {
        Path log = folder.resolve("log.txt");
        int code = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start().waitFor();
        if (code != 0) {
            System.out.println(String.join(" ", command) + " ended with " + code + ":\n" + Files.readString(log));
        }
        return code;
    }
}
