package dev.tenon.graph;

import dev.tenon.api.Device;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Where each intermediate value lies in one block of memory for each device: the largest first, each at the lowest
/// place that is free while it lives.
///
/// Source: Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020 (greedy by size).
final class MemoryPlan {
    private static final long ALIGNMENT = 64;

    private final Map<Device, Long> sizes = new LinkedHashMap<>();
    private long sum;

    MemoryPlan(Collection<Buffer> buffers, Map<Device, Long> alignments) {
        Map<Device, List<Buffer>> byDevice = new LinkedHashMap<>();
        for (Buffer b : buffers) {
            if (b.root() == b) {
                byDevice.computeIfAbsent(b.device, _ -> new ArrayList<>()).add(b);
            }
            sum += b.bytes;
        }
        byDevice.forEach((device, list) ->
                sizes.put(device, place(list, Math.max(ALIGNMENT, alignments.getOrDefault(device, ALIGNMENT)))));
        buffers.forEach(b -> b.offset = b.root().offset);
    }

    private static long place(List<Buffer> buffers, long alignment) {
        List<Buffer> placed = new ArrayList<>();
        long end = 0;
        for (Buffer b : buffers.stream().sorted(Comparator.comparingLong((Buffer x) -> -x.bytes)
                .thenComparingInt(x -> x.first)).toList()) {
            // Those that live at the same time, by place.
            long offset = 0;
            for (Buffer other : placed) {
                if (other.first <= b.last && b.first <= other.last) {
                    if (offset + b.bytes <= other.offset) {
                        break;
                    }
                    offset = Math.max(offset, aligned(other.offset + other.bytes, alignment));
                }
            }
            b.offset = offset;
            insert(placed, b);
            end = Math.max(end, offset + b.bytes);
        }
        return end;
    }

    private static long aligned(long n, long alignment) {
        return (n + alignment - 1) / alignment * alignment;
    }

    private static void insert(List<Buffer> placed, Buffer b) {
        int i = placed.size();
        while (i > 0 && placed.get(i - 1).offset > b.offset) {
            i--;
        }
        placed.add(i, b);
    }

    /// The size of each device's block in bytes.
    Map<Device, Long> sizes() {
        return sizes;
    }

    /// The sizes of all blocks together.
    long plannedBytes() {
        return sizes.values().stream().mapToLong(Long::longValue).sum();
    }

    /// What the intermediate values would take if each had memory of its own.
    long sumOfBytes() {
        return sum;
    }
}
