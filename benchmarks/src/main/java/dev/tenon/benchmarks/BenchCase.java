package dev.tenon.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// One thing that is timed, the same for every side.
///
/// @param kind what is computed, for example `matmul`
/// @param dims its sizes; what they mean is the business of the kind
/// @param flops floating-point operations (a multiplication and an addition are two), or 0 where bandwidth is the limit
/// @param bytes that must at least be read and written, or 0 where arithmetic is the limit
/// @param aim the ratio to the best peer that is hoped for: peer's time by ours
record BenchCase(String kind, List<Long> dims, double flops, double bytes, double aim) {
    static BenchCase of(String kind, double flops, double bytes, double aim, long... dims) {
        return new BenchCase(kind, Arrays.stream(dims).boxed().toList(), flops, bytes, aim);
    }

    /// The name by which sides talk of it and the command line selects it.
    String name() {
        return dims.isEmpty() ? kind
            : kind + "/" + dims.stream().map(BenchCase::size).collect(Collectors.joining("x"));
    }

    long dim(int i) {
        return dims.get(i);
    }

    private static String size(long n) {
        if (n >= 1 << 20 && n % (1 << 20) == 0) {
            return (n >> 20) + "M";
        }
        return n >= 1 << 14 && n % (1 << 10) == 0 ? (n >> 10) + "K" : Long.toString(n);
    }
}
