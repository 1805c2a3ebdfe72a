package dev.tenon.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Measures a [Machine]: fused multiply-adds in registers, and copies through memory.
final class MachineProbe {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LOOPS = 20_000;
    private static final long BLOCK = 64L << 20;
    private static final int ROUNDS = 12;

    private MachineProbe() {}

    static Machine measure() {
        int threads = Runtime.getRuntime().availableProcessors();
        try (ExecutorService pool = Executors.newFixedThreadPool(threads); Arena arena = Arena.ofShared()) {
            for (int i = 0; i < 40; i++) {
                multiplyAdds(LOOPS);
            }
            double flops = 0;
            for (int i = 0; i < ROUNDS; i++) {
                double seconds = seconds(pool, threads, () -> multiplyAdds(100 * LOOPS));
                flops = Math.max(flops, threads * 100.0 * LOOPS * 12 * 2 * SPECIES.length() / seconds);
            }
            MemorySegment[] from = new MemorySegment[threads];
            MemorySegment[] to = new MemorySegment[threads];
            for (int t = 0; t < threads; t++) {
                from[t] = arena.allocate(BLOCK, 64).fill((byte) 1);
                to[t] = arena.allocate(BLOCK, 64).fill((byte) 2);
            }
            double bytes = 0;
            for (int i = 0; i < ROUNDS; i++) {
                double seconds = seconds(pool, threads, IntStream.range(0, threads).<Callable<Float>>mapToObj(t ->
                    () -> {
                        stream(from[t], to[t]);
                        return 0f;
                    }).toList());
                bytes = Math.max(bytes, threads * 2.0 * BLOCK / seconds);
            }
            return new Machine(flops, bytes);
        }
    }

    private static double seconds(ExecutorService pool, int threads, Callable<Float> body) {
        return seconds(pool, threads, Collections.nCopies(threads, body));
    }

    private static double seconds(ExecutorService pool, int threads, List<Callable<Float>> bodies) {
        long start = System.nanoTime();
        try {
            for (Future<Float> f : pool.invokeAll(bodies)) {
                f.get();
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("measuring the machine on " + threads + " threads failed", e);
        }
        return (System.nanoTime() - start) / 1e9;
    }

    /// Twelve chains, more than a multiply-add's latency times the units of any processor there is.
    private static float multiplyAdds(int loops) {
        FloatVector m = FloatVector.broadcast(SPECIES, 0.999f);
        FloatVector a0 = FloatVector.broadcast(SPECIES, 1);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector a4 = a0;
        FloatVector a5 = a0;
        FloatVector a6 = a0;
        FloatVector a7 = a0;
        FloatVector a8 = a0;
        FloatVector a9 = a0;
        FloatVector a10 = a0;
        FloatVector a11 = a0;
        for (int i = 0; i < loops; i++) {
            a0 = a0.fma(m, m);
            a1 = a1.fma(m, m);
            a2 = a2.fma(m, m);
            a3 = a3.fma(m, m);
            a4 = a4.fma(m, m);
            a5 = a5.fma(m, m);
            a6 = a6.fma(m, m);
            a7 = a7.fma(m, m);
            a8 = a8.fma(m, m);
            a9 = a9.fma(m, m);
            a10 = a10.fma(m, m);
            a11 = a11.fma(m, m);
        }
        return a0.add(a1).add(a2).add(a3).add(a4).add(a5).add(a6).add(a7).add(a8).add(a9).add(a10).add(a11).lane(0);
    }

    private static void stream(MemorySegment from, MemorySegment to) {
        for (long i = 0; i < BLOCK; i += SPECIES.vectorByteSize()) {
            FloatVector.fromMemorySegment(SPECIES, from, i, ByteOrder.nativeOrder())
                .intoMemorySegment(to, i, ByteOrder.nativeOrder());
        }
    }
}
