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
/// @param aims what is hoped for
record BenchCase(String kind, List<Long> dims, double flops, double bytes, Aims aims) {
    /// What is hoped for; 0 where nothing is.
    ///
    /// @param ratio to the fastest peer: its time by ours
    /// @param java the same for Tenon without native libraries
    /// @param share of the machine's bandwidth
    record Aims(double ratio, double java, double share) {}

    static BenchCase of(String kind, double flops, double bytes, double aim, long... dims) {
        return new BenchCase(kind, Arrays.stream(dims).boxed().toList(), flops, bytes, new Aims(aim, 0, 0));
    }

    /// A case as a side knows it: without aims and amounts.
    ///
    /// @param name as [#name] gives it
    static BenchCase parse(String name) {
        int slash = name.indexOf('/');
        return slash < 0 ? of(name, 0, 0, 0) : of(name.substring(0, slash), 0, 0, 0,
            Arrays.stream(name.substring(slash + 1).split("x")).mapToLong(BenchCase::number).toArray());
    }

    /// With an aim for Tenon without native libraries.
    BenchCase java(double aim) {
        return new BenchCase(kind, dims, flops, bytes, new Aims(aims.ratio, aim, aims.share));
    }

    /// With an aim for the share of the bandwidth.
    BenchCase share(double aim) {
        return new BenchCase(kind, dims, flops, bytes, new Aims(aims.ratio, aims.java, aim));
    }

    /// The name by which sides talk of it and the command line selects it.
    String name() {
        return dims.isEmpty() ? kind
            : kind + "/" + dims.stream().map(BenchCase::size).collect(Collectors.joining("x"));
    }

    long dim(int i) {
        return dims.get(i);
    }

    /// The first size, or what is usual for the kind.
    long dimOr(long usual) {
        return dims.isEmpty() ? usual : dims.getFirst();
    }

    /// Whether this is a program by itself, which runs in new processes: what it takes of memory is its own.
    boolean wholeProgram() {
        return kind.startsWith("step-") || kind.startsWith("infer-") || kind.equals("loader");
    }

    /// Options of Tenon's JVM that this case needs; they are read once, so that it too runs in a new process.
    List<String> options() {
        return kind.equals("matmul-tf32") ? List.of("-Dtenon.cuda.tf32=true") : List.of();
    }

    private static String size(long n) {
        if (n >= 1 << 20 && n % (1 << 20) == 0) {
            return (n >> 20) + "M";
        }
        return n >= 1 << 14 && n % (1 << 10) == 0 ? (n >> 10) + "K" : Long.toString(n);
    }

    private static long number(String size) {
        int last = size.length() - 1;
        return switch (size.charAt(last)) {
            case 'M' -> Long.parseLong(size.substring(0, last)) << 20;
            case 'K' -> Long.parseLong(size.substring(0, last)) << 10;
            default -> Long.parseLong(size);
        };
    }
}
