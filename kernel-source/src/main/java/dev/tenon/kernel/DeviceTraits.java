package dev.tenon.kernel;

/// What a generator must know of the device for which it writes.
///
/// @param cpu whether work items are run as vector lanes of a few cores: kernels then keep a work item's data together
///     instead of spreading it over the group
/// @param doubles whether the device computes in double precision
/// @param maxGroup the largest number of work items in a group
/// @param localBytes local memory for each group, in bytes
/// @param units the number of compute units (cores, multiprocessors)
/// @param lanes the number of 32-bit floats in a hardware vector, for devices that are CPUs
/// @param fastFma whether a fused multiply-add is as fast as a multiplication
public record DeviceTraits(
        boolean cpu, boolean doubles, int maxGroup, long localBytes, int units, int lanes, boolean fastFma) {

    /// The number of items in a group for kernels without local memory: enough to hide latency on a GPU and the
    /// group's own cost on a CPU.
    int group() {
        return Math.min(maxGroup, cpu ? 1024 : 256);
    }

    /// The largest power of two that is no more than `wanted` and the device's limit.
    int groupOf(int wanted) {
        return Integer.highestOneBit(Math.max(1, Math.min(wanted, maxGroup)));
    }
}
