package dev.tenon.backend.cpu.ops;

import java.util.ArrayList;
import java.util.List;

/// The space of elements that a kernel walks through in row-major order, and where each operand's element lies: extents
/// and strides with axes of extent 1 left out and neighbouring axes joined wherever all operands allow it.
///
/// @param dims the extents, at least one
/// @param strides for each operand, the strides in elements
/// @param elements the number of elements
record Iteration(long[] dims, long[][] strides, long elements) {

    /// @param dims the extents
    /// @param strides for each operand, its strides, 0 where it repeats
    /// @param barriers axes that are not to be joined with the axis before them
    static Iteration of(long[] dims, List<long[]> strides, boolean... barriers) {
        long elements = 1;
        for (long d : dims) {
            elements *= d;
        }
        List<Integer> starts = new ArrayList<>();
        List<Long> extents = new ArrayList<>();
        boolean barrier = false;
        for (int a = 0; a < dims.length; a++) {
            barrier |= a < barriers.length && barriers[a];
            if (dims[a] == 1) {
                continue;
            }
            int last = extents.size() - 1;
            boolean joins = last >= 0 && !barrier;
            for (int o = 0; joins && o < strides.size(); o++) {
                joins = strides.get(o)[starts.get(last)] == strides.get(o)[a] * dims[a];
            }
            if (joins) {
                extents.set(last, extents.get(last) * dims[a]);
                starts.set(last, a);
            } else {
                extents.add(dims[a]);
                starts.add(a);
            }
            barrier = false;
        }
        if (extents.isEmpty()) {
            return new Iteration(new long[] {1}, new long[strides.size()][1], elements);
        }
        long[][] s = new long[strides.size()][extents.size()];
        for (int o = 0; o < s.length; o++) {
            for (int i = 0; i < s[o].length; i++) {
                s[o][i] = strides.get(o)[starts.get(i)];
            }
        }
        return new Iteration(extents.stream().mapToLong(Long::longValue).toArray(), s, elements);
    }

    /// The number of axes that are left.
    int rank() {
        return dims.length;
    }

    /// The extent of the innermost axis.
    long inner() {
        return dims[dims.length - 1];
    }

    /// The stride of an operand along the innermost axis.
    long innerStride(int operand) {
        return strides[operand][dims.length - 1];
    }

    /// Whether an operand has one and the same element everywhere.
    boolean isUniform(int operand) {
        for (long s : strides[operand]) {
            if (s != 0) {
                return false;
            }
        }
        return true;
    }

    /// Whether an operand's elements lie one after the other in the order of the walk.
    boolean isLinear(int operand) {
        long n = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            if (strides[operand][i] != n) {
                return false;
            }
            n *= dims[i];
        }
        return true;
    }

    /// Whether an operand's elements are the same in each row.
    boolean isPeriodic(int operand) {
        for (int i = 0; i < dims.length - 1; i++) {
            if (strides[operand][i] != 0) {
                return false;
            }
        }
        return true;
    }

    /// The offset, in elements, of the operand's element number `position`.
    long offset(int operand, long position) {
        long[] s = strides[operand];
        long rest = position;
        long offset = 0;
        for (int i = dims.length - 1; i > 0; i--) {
            long q = rest / dims[i];
            offset += (rest - q * dims[i]) * s[i];
            rest = q;
        }
        return offset + rest * s[0];
    }
}
