package dev.tenon.benchmarks;

import java.util.Locale;

/// What the processor can do at most.
///
/// @param flops f32 operations a second on all cores, a fused multiply-add being two
/// @param bytes read and written a second on all cores, by copying blocks that no cache holds
record Machine(double flops, double bytes) {
    String line() {
        return String.format(Locale.ROOT, "machine %.4g %.4g", flops, bytes);
    }
}
