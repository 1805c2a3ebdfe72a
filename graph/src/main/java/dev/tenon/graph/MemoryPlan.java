package dev.tenon.graph;

import dev.tenon.api.Device;
import dev.tenon.graph.Buffer.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Where each intermediate value lies in one block of memory for each device: one after the other, each at the lowest
/// place that is free while it lives. The largest go first, or those that take the most memory for the longest time,
/// or those that come first, whichever gives the smallest block.
///
/// Source: Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020 (greedy by size).
final class MemoryPlan {
    private static final long ALIGNMENT = 64;
    /// With more values than this one order must do.
    private static final int MANY = 5_000;
    private static final List<Comparator<Buffer>> ORDERS = List.of(
            Comparator.comparingLong((Buffer b) -> -b.bytes).thenComparingInt(b -> b.first),
            Comparator.comparingDouble((Buffer b) -> -(double) b.bytes * (b.last - b.first + 1))
                    .thenComparingInt(b -> b.first),
            Comparator.comparingInt((Buffer b) -> b.first).thenComparingLong(b -> -b.bytes));

    private final Map<Device, Long> sizes = new LinkedHashMap<>();
    private long sum;

    private MemoryPlan(Collection<Buffer> buffers) {
        Map<Device, List<Buffer>> byDevice = new LinkedHashMap<>();
        for (Buffer b : buffers) {
            if (b.root() == b) {
                byDevice.computeIfAbsent(b.device, _ -> new ArrayList<>()).add(b);
            }
            sum += b.bytes;
        }
        byDevice.forEach((device, list) ->
                sizes.put(device, place(list, Math.max(ALIGNMENT, device.runtime().alignment()))));
        buffers.forEach(b -> b.offset = b.root().offset);
    }

    /// The plan for steps in their order; the buffers are told their places.
    static MemoryPlan of(List<Step> steps) {
        steps.forEach(s -> s.buffers().forEach(Buffer::reset));
        Set<Buffer> arena = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Buffer> ordered = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            for (Buffer b : steps.get(i).buffers()) {
                b.usedAt(i);
                if (b.kind == Kind.ARENA && arena.add(b)) {
                    ordered.add(b);
                }
            }
        }
        for (int i = 0; i < steps.size(); i++) {
            writeOver(steps.get(i), i);
        }
        return new MemoryPlan(ordered);
    }

    /// Lets an elementwise step write its results over operands of the same layout that are not needed any more.
    private static void writeOver(Step s, int at) {
        if (!s.isElementwise()) {
            return;
        }
        for (Slot out : s.out()) {
            for (Slot in : s.in()) {
                Buffer from = in.buffer().root();
                boolean alone = s.in().stream().filter(x -> x.buffer().root() == from).allMatch(in::equals)
                        && s.out().stream().noneMatch(x -> x.buffer().root() == from);
                if (alone && from.kind == Kind.ARENA && from.last == at && in.offset() == 0
                        && in.type().equals(out.type()) && from.bytes == out.buffer().bytes
                        && out.buffer().kind == Kind.ARENA && out.buffer().root() == out.buffer()
                        && out.buffer().first == at && out.offset() == 0) {
                    out.buffer().putOver(from);
                    break;
                }
            }
        }
    }

    // --- places

    /// Gives each buffer its place and returns the size of the block.
    private static long place(List<Buffer> buffers, long alignment) {
        long least = Long.MAX_VALUE;
        long[] places = new long[buffers.size()];
        long enough = mostAtOnce(buffers, alignment);
        for (Comparator<Buffer> order : ORDERS) {
            long end = place(buffers, order, alignment);
            if (end < least) {
                least = end;
                for (int i = 0; i < places.length; i++) {
                    places[i] = buffers.get(i).offset;
                }
            }
            if (least <= enough || places.length > MANY) {
                break;
            }
        }
        for (int i = 0; i < places.length; i++) {
            buffers.get(i).offset = places[i];
        }
        return least;
    }

    /// The most bytes that are alive at one step, which no plan can go below.
    private static long mostAtOnce(List<Buffer> buffers, long alignment) {
        int end = buffers.stream().mapToInt(b -> b.last).max().orElse(0);
        long[] change = new long[end + 2];
        for (Buffer b : buffers) {
            change[b.first] += aligned(b.bytes, alignment);
            change[b.last + 1] -= aligned(b.bytes, alignment);
        }
        long most = 0;
        long now = 0;
        for (long c : change) {
            now += c;
            most = Math.max(most, now);
        }
        return most;
    }

    private static long place(List<Buffer> buffers, Comparator<Buffer> order, long alignment) {
        List<Buffer> placed = new ArrayList<>();
        long end = 0;
        for (Buffer b : buffers.stream().sorted(order).toList()) {
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
