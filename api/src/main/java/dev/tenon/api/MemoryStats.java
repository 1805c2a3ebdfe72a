package dev.tenon.api;

/// How a device's memory is used, in bytes.
///
/// @param used held by live tensors
/// @param reserved taken from the device: what is used and what is kept for reuse
/// @param peakUsed the most that was ever used, or since [Device#resetPeakMemory]
/// @param tensors how many blocks live tensors hold
/// @param allocations how many blocks were ever handed out
/// @param deviceAllocations how many times memory was taken from the device; constant once a program runs steadily
/// @param total what the device has; 0 if unknown
public record MemoryStats(
        long used, long reserved, long peakUsed, long tensors, long allocations, long deviceAllocations, long total) {
    @Override
    public String toString() {
        return "used %.1f MiB in %d blocks (peak %.1f MiB), reserved %.1f MiB in %d device allocations%s"
                .formatted(mib(used), tensors, mib(peakUsed), mib(reserved), deviceAllocations,
                        total > 0 ? ", device has %.0f MiB".formatted(mib(total)) : "");
    }

    private static double mib(long bytes) {
        return bytes / 1048576.0;
    }
}
