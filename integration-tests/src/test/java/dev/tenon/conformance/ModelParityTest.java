package dev.tenon.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.api.BackendException;
import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.layer.DropoutLayer;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.models.GoogLeNet;
import dev.tenon.nn.models.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.DoubleBinaryOperator;
import org.junit.jupiter.api.Test;

/// Networks with given weights compute what PyTorch does: outputs in evaluation mode, and of one training step the loss,
/// the gradients and the running statistics, in `F32` and `F64`, on the device of `-Dtenon.device`.
///
/// Each folder below `-Dtenon.parity.dir` (by default `models` in the folder of the other reference data, see
/// [ConformanceFolder]) is one network: `state.safetensors`, `input.npy`, `labels.npy`, `output.npy`, `expected.json`,
/// and perhaps `state.pt` with the same values. `src/test/python/model_parity.py` writes such folders.
/// `-Dtenon.parity.only=resnet` runs the networks whose names start so, `-Dtenon.parity.dtypes=f32` in one dtype.
class ModelParityTest {
    private static final CrossEntropyLoss CRITERION = new CrossEntropyLoss();

    private int passed;
    private int skipped;
    private final List<String> failures = new ArrayList<>();

    @Test
    void everyFolder() throws IOException {
        String given = System.getProperty("tenon.parity.dir");
        Optional<Path> parent = given == null ? ConformanceFolder.find("models", "README.md")
                : Optional.of(Path.of(given)).filter(Files::isDirectory)
                        .or(() -> Optional.of(Path.of("..").resolve(given)));
        assumeTrue(parent.isPresent(), "no networks to compare with: -Dtenon.parity.dir is not set, and there is no"
                + " folder ../shared/conformance/models beside the repository");
        List<ParityFolder> folders = ParityFolder.in(parent.orElseThrow());
        assertFalse(folders.isEmpty(), parent.get() + " holds no folder with an expected.json");
        Device device = Device.getDefault();
        String only = System.getProperty("tenon.parity.only", "");
        String dtypes = System.getProperty("tenon.parity.dtypes", "f32,f64");
        for (ParityFolder f : folders) {
            for (String dtype : f.model().startsWith(only) ? dtypes.split(",") : new String[0]) {
                run(f, DType.of(dtype), device);
            }
        }
        failures.forEach(System.out::println);
        System.out.println("parity " + device + ": " + passed + " passed, " + failures.size() + " failed, " + skipped
                + " skipped");
        assertEquals(0, failures.size(), "comparisons failed; they are listed above");
    }

    private void run(ParityFolder f, DType dtype, Device device) {
        Optional<String> refusal = refusal(dtype, device);
        if (refusal.isPresent()) {
            skipped++;
            System.out.println(f.path().getFileName() + " " + dtype + " skipped: " + refusal.get());
            return;
        }
        int before = failures.size();
        long start = System.nanoTime();
        String what = f.path().getFileName() + " " + dtype;
        try (Scope _ = Scope.open()) {
            Module net = f.network();
            net.to(device).to(dtype);
            checkOutput(f, net, dtype, device, what);
            checkStep(f, net, dtype, device, what);
            if (dtype == DType.F32 && Files.exists(f.path().resolve("state.pt"))) {
                checkTorchFile(f, net, what);
            }
        } catch (IOException | RuntimeException e) {
            failures.add(what + ": " + e);
        }
        System.out.printf("%-28s %s in %.1f s%n", what, failures.size() == before ? "ok" : "FAILED",
                (System.nanoTime() - start) / 1e9);
    }

    /// Why a device does not compute with a dtype, if it does not.
    private static Optional<String> refusal(DType dtype, Device device) {
        try (Scope _ = Scope.open()) {
            Tensors.ones(Shape.of(2), dtype, device).add(1).sum().item();
            return Optional.empty();
        } catch (TensorException | BackendException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private void checkOutput(ParityFolder f, Module net, DType dtype, Device device, String what) throws IOException {
        net.eval();
        try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
            Tensor got = net.call(f.array("input", dtype, device));
            Tensor want = f.array("output", dtype, device);
            assertEquals(want.shape(), got.shape(), what);
            double error = f.number("eval", "f32_vs_f64");
            compare(what + " output", want.toDoubleArray(), got.toDoubleArray(), dtype == DType.F32
                    ? (w, _) -> 1e-3 * Math.abs(w) + 4 * error + 1e-6
                    // The file has them in F32.
                    : (w, max) -> 1e-6 * Math.abs(w) + 1e-7 * max);
        }
    }

    private void checkStep(ParityFolder f, Module net, DType dtype, Device device, String what) throws IOException {
        net.train();
        net.modules().stream().filter(m -> m instanceof DropoutLayer).forEach(Module::eval);
        try (Scope _ = Scope.open()) {
            Tensor input = f.array("input", dtype, device);
            Tensor labels = f.array("labels", dtype, device);
            Tensor loss = net instanceof GoogLeNet g ? g.callWithAuxiliary(input).loss(ModelParityTest::loss, labels)
                    : loss(net.call(input), labels);
            double tolerance = dtype == DType.F32 ? 1e-5 : 1e-9;
            compare(what + " loss", new double[] {f.number("train", "loss")}, new double[] {loss.item()},
                    (w, _) -> tolerance * Math.abs(w));
            loss.backward();
            checkNorms(f, net, dtype, what);
            checkElements(f, net, dtype, what);
            double error = f.numberOrZero("train", "running_f32_vs_f64");
            checkFirst(what + " running", f.lists("running_after"), net.stateDict(), dtype == DType.F32
                    ? (w, max) -> 1e-5 * Math.abs(w) + 1e-6 * max + 10 * error
                    : (w, max) -> 1e-9 * max);
        }
    }

    private static Tensor loss(Tensor logits, Tensor labels) {
        return CRITERION.call(logits.flatten(0, -2), labels.flatten());
    }

    private void checkNorms(ParityFolder f, Module net, DType dtype, String what) {
        Map<String, Double> want = f.numbers("grad_norm");
        Map<String, Parameter> parameters = net.namedParameters();
        if (!want.keySet().equals(parameters.keySet())) {
            failures.add(what + ": gradients of " + want.keySet() + ", the network has " + parameters.keySet());
            return;
        }
        boolean deep = net.namedBuffers().keySet().stream().anyMatch(n -> n.endsWith("running_mean"))
                && !f.model().equals("resnet18");
        double relative = dtype == DType.F64 ? 1e-6 : deep ? 2e-2 : 1e-4;
        double largest = want.values().stream().mapToDouble(v -> v).max().orElse(0);
        double[] wanted = want.values().stream().mapToDouble(v -> v).toArray();
        double[] got = want.keySet().stream().mapToDouble(n -> norm(parameters.get(n))).toArray();
        // What is nothing but rounding, such as the gradient of a shift before batch normalisation, is zero.
        compare(what + " gradient norms", wanted, got, (w, _) -> w > 1e-6 * largest ? relative * w
                : (dtype == DType.F64 ? 1e-6 : 1e-4) * largest);
    }

    private static double norm(Parameter p) {
        Tensor g = p.grad();
        if (g == null) {
            return 0;
        }
        try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
            return g.norm().item();
        }
    }

    private void checkElements(ParityFolder f, Module net, DType dtype, String what) {
        Map<String, Double> errors = f.numbers("grad_f32_abs_err");
        Map<String, double[]> want = f.lists("grad_first8");
        double most = Math.max(f.numberOrZero("train", "grad_max_abs"), want.values().stream()
                .flatMapToDouble(Arrays::stream).map(Math::abs).max().orElse(0));
        Map<String, Tensor> grads = new TreeMap<>();
        net.namedParameters().forEach((n, p) -> {
            Tensor g = p.grad();
            if (g != null) {
                grads.put(n, g);
            }
        });
        want.forEach((name, values) -> checkFirst(what + " gradient", Map.of(name, values), grads,
                dtype == DType.F32 ? (_, _) -> 10 * errors.getOrDefault(name, 0.0) + 1e-5 * most
                        : (w, _) -> 1e-6 * Math.abs(w) + 1e-9 * most));
    }

    /// The first elements of tensors.
    private void checkFirst(String what, Map<String, double[]> want, Map<String, Tensor> got,
            DoubleBinaryOperator tolerance) {
        want.forEach((name, values) -> {
            Tensor t = got.get(name);
            if (t == null) {
                failures.add(what + " of " + name + " is missing");
                return;
            }
            try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
                Tensor first = t.detach().flatten().narrow(0, 0, Math.min(values.length, t.elements()));
                compare(what + " of " + name, values, first.toDoubleArray(), tolerance);
            }
        });
    }

    private void checkTorchFile(ParityFolder f, Module net, String what) throws IOException {
        f.weights().loadInto(net);
        Map<String, Tensor> want = net.stateDict();
        Module other = f.network();
        other.parameters().forEach(p -> {
            try (Context.Mode _ = Context.noGrad()) {
                p.get().zero_();
            }
        });
        Weights.of(f.path().resolve("state.pt")).loadInto(other);
        other.to(Device.getDefault());
        Map<String, Tensor> got = other.stateDict();
        want.forEach((name, t) -> {
            if (!t.equal(got.get(name))) {
                failures.add(what + " state.pt: " + name + " is not what state.safetensors has");
            }
        });
        passed++;
    }

    /// @param tolerance of a wanted value and the largest absolute one
    private void compare(String what, double[] want, double[] got, DoubleBinaryOperator tolerance) {
        if (want.length != got.length) {
            failures.add(what + ": " + got.length + " values, expected " + want.length);
            return;
        }
        double most = Arrays.stream(want).map(Math::abs).max().orElse(0);
        int worst = -1;
        double worstExcess = 1;
        for (int i = 0; i < want.length; i++) {
            double excess = Math.abs(got[i] - want[i]) / Math.max(tolerance.applyAsDouble(want[i], most), 1e-300);
            // NaN is never within.
            if (!(excess <= worstExcess)) {
                worst = i;
                worstExcess = excess;
            }
        }
        if (worst < 0) {
            passed++;
        } else {
            failures.add(what + ": element " + worst + " is " + got[worst] + ", expected " + want[worst] + ", "
                    + worstExcess + " times the tolerance");
        }
    }
}
