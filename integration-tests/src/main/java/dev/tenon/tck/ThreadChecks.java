package dev.tenon.tck;

import static org.junit.jupiter.api.Assertions.fail;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import dev.tenon.tck.samples.Values;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// The same call gives the same bits, again and again and from several threads at once.
final class ThreadChecks {
    private static final int THREADS = 4;

    private final Device device;
    private final SupportMatrix matrix;

    ThreadChecks(Device device, SupportMatrix matrix) {
        this.device = device;
        this.matrix = matrix;
    }

    List<Case> cases() {
        return List.of(
                new Case("repeated runs give the same bits", this::repeated),
                new Case("several threads give the same bits", this::together));
    }

    /// Some samples of every family, large and strided ones among them.
    private List<Sample> samples() {
        List<Sample> chosen = new ArrayList<>();
        OpSamples.families().forEach((_, all) -> {
            List<Sample> usable = new ArrayList<>(all.get().stream()
                    .filter(s -> s.dtype() == DType.F32 || s.dtype() == DType.F16 || s.dtype() == DType.I64)
                    .filter(s -> matrix.limitation(s.op(), s.dtype()).isEmpty()).toList());
            Collections.shuffle(usable, new Random(3));
            chosen.addAll(usable.subList(0, Math.min(25, usable.size())));
        });
        return chosen;
    }

    private List<Values> run(Sample s) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            return SampleCheck.values(s.call().on(device, s.on(device)));
        }
    }

    private static void same(Sample s, List<Values> got, List<Values> expected) {
        for (int i = 0; i < expected.size(); i++) {
            double[] a = got.get(i).reals();
            double[] b = expected.get(i).reals();
            for (int k = 0; k < b.length; k++) {
                if (Double.compare(a[k], b[k]) != 0 || got.get(i).integers()[k] != expected.get(i).integers()[k]) {
                    fail(s + ": element " + k + " of result " + i + " is " + a[k] + ", was " + b[k]);
                }
            }
        }
    }

    private void repeated() {
        for (Sample s : samples()) {
            List<Values> first = run(s);
            for (int i = 0; i < 2; i++) {
                same(s, run(s), first);
            }
        }
    }

    private void together() throws InterruptedException, ExecutionException {
        List<Sample> samples = samples();
        List<List<Values>> expected = samples.stream().map(this::run).toList();
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<?>> runs = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                // Some threads run the same kernels at the same time, some others.
                int start = t / 2 * samples.size() / 3;
                runs.add(pool.submit(() -> {
                    for (int i = 0; i < samples.size(); i++) {
                        int n = (start + i) % samples.size();
                        same(samples.get(n), run(samples.get(n)), expected.get(n));
                    }
                }));
            }
            for (Future<?> run : runs) {
                run.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }
}
