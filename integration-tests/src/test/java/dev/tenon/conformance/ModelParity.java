package dev.tenon.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

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
import dev.tenon.nn.models.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleBiFunction;
import org.jspecify.annotations.Nullable;

/// Compares networks with what PyTorch computed with them, and counts.
///
/// Near the switch of a ReLU or a maximum, and where batch normalisation has few values, gradients jump, and `F32` may
/// rightly come out on the other side than PyTorch's `F64`. A number in `F32` outside of its tolerance therefore passes
/// if it is off by no more than it moves in `F64` when weights change a little ([ParityStep.Sensitivity]); how many
/// those are is printed.
final class ModelParity {
    private final Device device;
    private int passed;
    private int withSlack;
    private int skipped;
    private final List<String> failures = new ArrayList<>();

    ModelParity(Device device) {
        this.device = device;
    }

    /// Compares all networks below a folder.
    ///
    /// @throws AssertionError if there are none
    void runAll(Path parent) throws IOException {
        List<ParityFolder> folders = ParityFolder.in(parent);
        assertFalse(folders.isEmpty(), parent + " holds no folder with an expected.json");
        String only = System.getProperty("tenon.parity.only", "");
        String dtypes = System.getProperty("tenon.parity.dtypes", "f32,f64");
        for (ParityFolder f : folders) {
            for (String dtype : f.model().startsWith(only) ? dtypes.split(",") : new String[0]) {
                run(f, DType.of(dtype));
            }
        }
    }

    /// Prints what failed, and the counts in the last line.
    ///
    /// @throws AssertionError if anything failed
    void report() {
        failures.forEach(System.out::println);
        if (withSlack > 0) {
            System.out.println(withSlack + " of those that passed are off by no more than F64 moves when weights change"
                    + " by what F32 rounds off");
        }
        System.out.println("parity " + device + ": " + passed + " passed, " + failures.size() + " failed, " + skipped
                + " skipped");
        assertEquals(0, failures.size(), "comparisons failed; they are listed above");
    }

    private void run(ParityFolder f, DType dtype) {
        Optional<String> refusal = refusal(dtype, device);
        if (refusal.isPresent()) {
            skipped++;
            System.out.println(f.title(dtype) + " skipped: " + refusal.get());
            return;
        }
        int before = failures.size();
        long start = System.nanoTime();
        String what = f.title(dtype);
        try (Scope _ = Scope.open()) {
            Module net = f.network();
            net.to(device).to(dtype);
            checkOutput(f, net, dtype, device, what);
            checkStep(f, ParityStep.of(f, net, dtype, device), dtype, new Slack(f, dtype, device));
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
                    : (w, max) -> 1e-6 * Math.abs(w) + 1e-7 * max, () -> 0);
        }
    }

    private void checkStep(ParityFolder f, ParityStep got, DType dtype, Slack slack) throws IOException {
        String what = f.title(dtype);
        double tolerance = dtype == DType.F32 ? 1e-5 : 1e-9;
        double loss = f.number("train", "loss");
        compare(what + " loss", new double[] {loss}, new double[] {got.loss()}, (w, _) -> tolerance * Math.abs(w),
                () -> slack.of((a, b) -> Math.abs(a.loss() - b.loss())));
        checkNorms(f, got, dtype, slack);
        Map<String, Double> errors = f.numbers("grad_f32_abs_err");
        Map<String, double[]> first = f.lists("grad_first8");
        double most = Math.max(f.numberOrZero("train", "grad_max_abs"),
                first.values().stream().mapToDouble(ModelParity::largest).max().orElse(0));
        first.forEach((name, want) -> compare(what + " gradient of " + name, want, got.gradients().get(name),
                dtype == DType.F32 ? (_, _) -> 10 * errors.getOrDefault(name, 0.0) + 1e-5 * most
                        : (w, _) -> 1e-6 * Math.abs(w) + 1e-9 * most,
                () -> slack.of((a, b) -> distance(a.gradients().get(name), b.gradients().get(name)))));
        double error = f.numberOrZero("train", "running_f32_vs_f64");
        f.lists("running_after").forEach((name, want) -> compare(what + " running " + name, want,
                got.running().get(name), dtype == DType.F32
                        ? (w, max) -> 1e-5 * Math.abs(w) + 1e-6 * max + 10 * error : (_, max) -> 1e-9 * max,
                () -> slack.of((a, b) -> distance(a.running().get(name), b.running().get(name)))));
    }

    private void checkNorms(ParityFolder f, ParityStep got, DType dtype, Slack slack) throws IOException {
        Map<String, Double> want = f.numbers("grad_norm");
        if (!want.keySet().equals(got.norms().keySet())) {
            failures.add(f.title(dtype) + ": gradients of " + want.keySet() + ", the network has "
                    + got.norms().keySet());
            return;
        }
        boolean deep = f.weights().shapes().keySet().stream().anyMatch(n -> n.endsWith("running_mean"))
                && !f.model().equals("resnet18");
        double relative = dtype == DType.F64 ? 1e-6 : deep ? 2e-2 : 1e-4;
        double most = want.values().stream().mapToDouble(v -> v).max().orElse(0);
        // What is nothing but rounding, such as the gradient of a shift before batch normalisation, is zero.
        double zero = (dtype == DType.F64 ? 1e-6 : 1e-4) * most;
        want.forEach((name, norm) -> compare(f.title(dtype) + " gradient norm of " + name, new double[] {norm},
                new double[] {got.norms().get(name)}, (w, _) -> w > 1e-6 * most ? relative * w : zero,
                () -> slack.of((a, b) -> Math.abs(a.norms().get(name) - b.norms().get(name)))));
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElse(0);
    }

    private static double distance(double[] a, double[] b) {
        double most = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs(a[i] - b[i]));
        }
        return most;
    }

    /// How far numbers of a network may be off because they jump; computed when it is first asked for.
    private static final class Slack {
        private final ParityFolder folder;
        private final DType dtype;
        private final Device device;
        private ParityStep.@Nullable Sensitivity sensitivity;

        Slack(ParityFolder folder, DType dtype, Device device) {
            this.folder = folder;
            this.dtype = dtype;
            this.device = device;
        }

        double of(ToDoubleBiFunction<ParityStep, ParityStep> distance) {
            if (dtype != DType.F32 || refusal(DType.F64, device).isPresent()) {
                return 0;
            }
            try {
                ParityStep.Sensitivity s = sensitivity;
                if (s == null) {
                    s = new ParityStep.Sensitivity(folder, device);
                    sensitivity = s;
                }
                // A few random changes do not find the largest move.
                return 4 * s.of(distance);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
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
    /// @param slack what is added to it where it does not suffice
    private void compare(String what, double[] want, double[] got, DoubleBinaryOperator tolerance,
            DoubleSupplier slack) {
        if (want.length != got.length) {
            failures.add(what + ": " + got.length + " values, expected " + want.length);
            return;
        }
        double max = largest(want);
        double[] allowed = Arrays.stream(want).map(w -> tolerance.applyAsDouble(w, max)).toArray();
        if (worst(want, got, allowed, 0) < 0) {
            passed++;
            return;
        }
        double more = slack.getAsDouble();
        int i = worst(want, got, allowed, more);
        if (i < 0) {
            passed++;
            withSlack++;
        } else {
            failures.add(what + ": element " + i + " is " + got[i] + ", expected " + want[i] + ", tolerance "
                    + allowed[i] + " and " + more + " for jumps");
        }
    }

    /// The position of the value that is furthest outside of its tolerance, or -1.
    private static int worst(double[] want, double[] got, double[] allowed, double more) {
        int worst = -1;
        double most = 0;
        for (int i = 0; i < want.length; i++) {
            double excess = Math.abs(got[i] - want[i]) - allowed[i] - more;
            // NaN is never within.
            if (!(excess <= most)) {
                worst = i;
                most = excess;
            }
        }
        return worst;
    }
}
