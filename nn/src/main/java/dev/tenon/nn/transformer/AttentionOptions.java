package dev.tenon.nn.transformer;

import dev.tenon.api.TensorException;

/// Settings of attention: `new AttentionOptions().dropout(0.1).batchFirst(true)`. Immutable.
///
/// @param dropout the probability with which a weight of a key is dropped in training
/// @param bias whether the maps have shifts
/// @param keyWidth the width of the keys; 0 for that of the queries
/// @param valueWidth the width of the values; 0 for that of the queries
/// @param batchFirst whether sequences are `[n, time, width]` instead of `[time, n, width]`
public record AttentionOptions(double dropout, boolean bias, long keyWidth, long valueWidth, boolean batchFirst) {
    /// Checks the numbers.
    public AttentionOptions {
        if (!(dropout >= 0 && dropout <= 1) || keyWidth < 0 || valueWidth < 0) {
            throw new TensorException("attention: dropout " + dropout + ", widths " + keyWidth + " and " + valueWidth
                    + ": expected a probability from 0 to 1 and no negative width");
        }
    }

    /// No dropout, shifts, one width, `[time, n, width]`.
    public AttentionOptions() {
        this(0, true, 0, 0, false);
    }

    /// With dropout of weights.
    public AttentionOptions dropout(double p) {
        return new AttentionOptions(p, bias, keyWidth, valueWidth, batchFirst);
    }

    /// With or without shifts.
    public AttentionOptions bias(boolean on) {
        return new AttentionOptions(dropout, on, keyWidth, valueWidth, batchFirst);
    }

    /// With keys and values of other widths than the queries.
    public AttentionOptions widths(long key, long value) {
        return new AttentionOptions(dropout, bias, key, value, batchFirst);
    }

    /// With sequences `[n, time, width]` or `[time, n, width]`.
    public AttentionOptions batchFirst(boolean on) {
        return new AttentionOptions(dropout, bias, keyWidth, valueWidth, on);
    }
}
