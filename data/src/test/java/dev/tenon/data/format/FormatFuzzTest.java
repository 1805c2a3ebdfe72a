package dev.tenon.data.format;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/// Readers of files of strangers: whatever the bytes, there is either a result or a [DatasetFormatException] in a short
/// time. In an ordinary test run the files in `FormatFuzzTestInputs/METHOD` are tried, good ones and those that once
/// found an error. With `JAZZER_FUZZ=1` in the environment, new ones are searched for:
///
/// ```sh
/// JAZZER_FUZZ=1 mvn -pl data -am test -Dtest=FormatFuzzTest#pytorch \
///     -Dtenon.test.jvm.extra=-Djazzer.hooks=true
/// ```
class FormatFuzzTest {
    private static final Device DEVICE = Device.of("test:0");
    private static final long LIMIT = 1 << 24;

    @TempDir
    static Path dir = Path.of("");

    @FunctionalInterface
    private interface Reader {
        void read(Path file) throws IOException;
    }

    private static void check(byte[] data, String name, Reader reader) throws IOException {
        Path file = Files.write(dir.resolve(name), data);
        try {
            reader.read(file);
        } catch (DatasetFormatException e) {
            if (!file.equals(e.path()) || e.reason().isBlank() || e.reason().length() > 20_000) {
                throw new AssertionError("an error that does not say what is wrong with which file", e);
            }
        }
    }

    private static void close(Map<String, Tensor> tensors) {
        tensors.values().forEach(Tensor::close);
    }

    @FuzzTest(maxDuration = "5m")
    void npy(byte[] data) throws IOException {
        check(data, "x.npy", file -> {
            Npy.readHost(file);
            Npy.read(file, DEVICE).close();
        });
        try (Tensor t = Npy.read(Channels.newChannel(new ByteArrayInputStream(data)), DEVICE)) {
            if (t.elements() * t.dtype().bytes() > data.length) {
                throw new AssertionError("more elements than bytes: " + t.type());
            }
        } catch (DatasetFormatException e) {
            if (e.reason().isBlank()) {
                throw new AssertionError("an error that says nothing", e);
            }
        }
    }

    @FuzzTest(maxDuration = "5m")
    void npz(byte[] data) throws IOException {
        check(data, "x.npz", file -> {
            try (Npz npz = Npz.open(file, LIMIT)) {
                close(npz.readAll(DEVICE));
            }
        });
    }

    @FuzzTest(maxDuration = "5m")
    void safetensors(byte[] data) throws IOException {
        check(data, "x.safetensors", file -> {
            try (Safetensors s = Safetensors.open(file)) {
                close(s.readAll(DEVICE));
            }
        });
    }

    /// Both layouts: the seeds are of either.
    @FuzzTest(maxDuration = "5m")
    void pytorch(byte[] data) throws IOException {
        check(data, "x.pt", file -> {
            PyTorchFile.read(file, DEVICE);
            close(PyTorchFile.stateDict(file, DEVICE));
        });
    }

    /// The pickle of a zip archive alone, which a fuzzer reaches sooner without the checks of the archive.
    @FuzzTest(maxDuration = "5m")
    void pickle(byte[] data) throws IOException {
        check(data, "x.pkl", file -> {
            try (MappedFile mapped = MappedFile.open(file, "a pickle")) {
                PickleTree.of(mapped.origin(), new PickleReader(mapped.origin(), mapped.memory(),
                        new PyTorchLayout(mapped)).read());
            }
        });
    }

    @FuzzTest(maxDuration = "5m")
    void anyFormat(byte[] data) throws IOException {
        check(data, "x.bin", file -> close(TensorFiles.read(file, DEVICE)));
    }

    @FuzzTest(maxDuration = "5m")
    void idx(byte[] data) throws IOException {
        check(data, "x.idx", file -> IdxReader.read(file, LIMIT));
    }

    @FuzzTest(maxDuration = "5m")
    void delimitedText(byte[] data) throws IOException {
        check(data, "x.csv", file -> {
            DelimitedText.create().read(file);
            DelimitedText.create().header(true).labelColumn(0).missingAs(-1).read(file);
        });
    }
}
