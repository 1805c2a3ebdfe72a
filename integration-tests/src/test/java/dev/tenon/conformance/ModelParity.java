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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Compares networks with what PyTorch computed with them, and counts.
///
/// A number in `F32` outside of its tolerance passes if [ParityReplay] proves that it is right; how many those are is
/// printed.
final class ModelParity {
    private final Device device;
    private int passed;
    private int replayed;
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
        if (replayed > 0) {
            System.out.println(replayed + " of those that passed are not the numbers of F64, but right op by op");
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
            new StepCheck(f, dtype, ParityStep.of(f, net, dtype, device)).run();
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
            var rule = new ParityRule((w, _) -> 1e-3 * Math.abs(w) + 4 * error + 1e-6,
                    // The file has them in F32.
                    (w, max) -> 1e-6 * Math.abs(w) + 1e-7 * max);
            compare(what + " output", want.toDoubleArray(), got.toDoubleArray(), dtype, rule);
        }
    }

    /// One training step of a folder's network.
    private final class StepCheck {
        private final ParityFolder folder;
        private final DType dtype;
        private final ParityStep got;
        private @Nullable ParityReplay replay;
        private int explained;

        StepCheck(ParityFolder folder, DType dtype, ParityStep got) {
            this.folder = folder;
            this.dtype = dtype;
            this.got = got;
        }

        void run() throws IOException {
            loss();
            norms();
            gradients();
            running();
            if (replay != null) {
                System.out.println(folder.title(dtype) + ": " + explained + " numbers are right and not those of F64: "
                        + replay);
            }
        }

        private void loss() throws IOException {
            check("loss", new double[] {folder.number("train", "loss")}, s -> new double[] {s.loss()},
                    new ParityRule((w, _) -> 1e-5 * Math.abs(w), (w, _) -> 1e-9 * Math.abs(w)));
        }

        private void norms() throws IOException {
            Map<String, Double> want = folder.numbers("grad_norm");
            if (!want.keySet().equals(got.norms().keySet())) {
                failures.add(folder.title(dtype) + ": gradients of " + want.keySet() + ", the network has "
                        + got.norms().keySet());
                return;
            }
            boolean deep = folder.weights().shapes().keySet().stream().anyMatch(n -> n.endsWith("running_mean"))
                    && !folder.model().equals("resnet18");
            double most = want.values().stream().mapToDouble(v -> v).max().orElse(0);
            // What is nothing but rounding, such as the gradient of a shift before batch normalisation, is zero.
            double least = 1e-6 * most;
            var rule = new ParityRule((w, _) -> w > least ? (deep ? 2e-2 : 1e-4) * w : 1e-4 * most,
                    (w, _) -> w > least ? 1e-6 * w : least);
            for (var e : want.entrySet()) {
                check("gradient norm of " + e.getKey(), new double[] {e.getValue()},
                        s -> new double[] {s.norms().getOrDefault(e.getKey(), Double.NaN)}, rule);
            }
        }

        private void gradients() throws IOException {
            Map<String, Double> errors = folder.numbers("grad_f32_abs_err");
            Map<String, double[]> first = folder.lists("grad_first8");
            double most = Math.max(folder.numberOrZero("train", "grad_max_abs"),
                    first.values().stream().mapToDouble(ParityRule::largest).max().orElse(0));
            for (var e : first.entrySet()) {
                double error = errors.getOrDefault(e.getKey(), 0.0);
                check("gradient of " + e.getKey(), e.getValue(), s -> values(s.gradients(), e.getKey()),
                        new ParityRule((_, _) -> 10 * error + 1e-5 * most,
                                (w, _) -> 1e-6 * Math.abs(w) + 1e-9 * most));
            }
        }

        private void running() throws IOException {
            double error = folder.numberOrZero("train", "running_f32_vs_f64");
            for (var e : folder.lists("running_after").entrySet()) {
                check("running " + e.getKey(), e.getValue(), s -> values(s.running(), e.getKey()),
                        new ParityRule((w, max) -> 1e-5 * Math.abs(w) + 1e-6 * max + 10 * error,
                                (_, max) -> 1e-9 * max));
            }
        }

        private static double[] values(Map<String, double[]> of, String name) {
            return of.getOrDefault(name, new double[0]);
        }

        private void check(String what, double[] want, Function<ParityStep, double[]> part, ParityRule rule)
                throws IOException {
            double[] value = part.apply(got);
            if (dtype == DType.F32 && !rule.fits(dtype, want, value) && replay().explains(want, value, part, rule)) {
                passed++;
                explained++;
                replayed++;
            } else {
                compare(folder.title(dtype) + " " + what, want, value, dtype, rule);
            }
        }

        private ParityReplay replay() throws IOException {
            ParityReplay r = replay;
            if (r == null) {
                r = new ParityReplay(folder, device, refusal(DType.F64, device).isEmpty() ? device : Device.of("cpu"));
                replay = r;
            }
            return r;
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

    private void compare(String what, double[] want, double[] got, DType dtype, ParityRule rule) {
        if (want.length != got.length) {
            failures.add(what + ": " + got.length + " values, expected " + want.length);
            return;
        }
        int i = rule.worst(dtype, want, got);
        if (i < 0) {
            passed++;
        } else {
            failures.add(what + ": element " + i + " is " + got[i] + ", expected " + want[i] + ", tolerance "
                    + rule.tolerances(dtype, want)[i]);
        }
    }
}
