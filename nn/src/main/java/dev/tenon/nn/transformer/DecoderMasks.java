package dev.tenon.nn.transformer;

import dev.tenon.api.Tensor;
import org.jspecify.annotations.Nullable;

/// What a decoder may not attend to. Each is `BOOL`, true for what does not count, or numbers that are added to the
/// scores; or null.
///
/// @param target between positions of the target, `[time, time]`: usually a causal mask
/// @param memory between positions of the target and of the memory, `[time, source time]`
/// @param targetPadding positions of the target, `[n, time]`
/// @param memoryPadding positions of the memory, `[n, source time]`
public record DecoderMasks(@Nullable Tensor target, @Nullable Tensor memory, @Nullable Tensor targetPadding,
        @Nullable Tensor memoryPadding) {
    /// No masks.
    public DecoderMasks() {
        this(null, null, null, null);
    }

    /// With a mask between positions of the target.
    public DecoderMasks target(Tensor mask) {
        return new DecoderMasks(mask, memory, targetPadding, memoryPadding);
    }

    /// With a mask between positions of the target and of the memory.
    public DecoderMasks memory(Tensor mask) {
        return new DecoderMasks(target, mask, targetPadding, memoryPadding);
    }

    /// With padding of the target.
    public DecoderMasks targetPadding(Tensor mask) {
        return new DecoderMasks(target, memory, mask, memoryPadding);
    }

    /// With padding of the memory.
    public DecoderMasks memoryPadding(Tensor mask) {
        return new DecoderMasks(target, memory, targetPadding, mask);
    }
}
