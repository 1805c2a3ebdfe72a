package dev.tenon.tck.samples;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/// The table of all samples, by family. A new op is a line or two in one of the classes listed here.
public final class OpSamples {
    private static final Map<String, Supplier<List<Sample>>> FAMILIES = new TreeMap<>(Map.ofEntries(
            Map.entry("elementwise expressions", ElementwiseSamples::all),
            Map.entry("reductions", ReduceSamples::all),
            Map.entry("matrix products", MatMulSamples::all),
            Map.entry("elementwise methods", MethodSamples::all),
            Map.entry("conversions", CastSamples::all),
            Map.entry("creation", CreationSamples::all),
            Map.entry("indexing", IndexSamples::all),
            Map.entry("scans and sorting", ScanSortSamples::all),
            Map.entry("views", ViewSamples::all),
            Map.entry("composites", CompositeSamples::all),
            Map.entry("attention of heads", AttentionSamples::all),
            Map.entry("recurrent layers", RecurrentSamples::all),
            Map.entry("windows", WindowSamples::all)));

    private OpSamples() {}

    /// The samples of each family.
    public static Map<String, Supplier<List<Sample>>> families() {
        return FAMILIES;
    }
}
