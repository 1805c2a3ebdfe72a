package dev.tenon.backend.cpu;

import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.Operand;
import java.util.List;

/// A block of memory outside the Java heap.
///
/// @param address where it starts
/// @param bytes its size
public record CpuMemory(long address, long bytes) implements DeviceMemory {

    /// The address of an operand's first element.
    public static long address(Operand x) {
        return ((CpuMemory) x.memory()).address + x.byteOffset();
    }

    /// The addresses of the first elements of inputs, then of outputs.
    public static long[] addresses(List<? extends Operand> in, List<? extends Operand> out) {
        int n = in.size();
        long[] a = new long[n + out.size()];
        for (int i = 0; i < n; i++) {
            a[i] = address(in.get(i));
        }
        for (int i = n; i < a.length; i++) {
            a[i] = address(out.get(i - n));
        }
        return a;
    }
}
