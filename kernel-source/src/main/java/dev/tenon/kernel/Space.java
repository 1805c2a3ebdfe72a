package dev.tenon.kernel;

import dev.tenon.api.Shape;
import java.util.ArrayList;
import java.util.List;

/// An iteration space with the strides of some operands, its axes merged where every operand allows it.
///
/// @param dims the extents that are left, none of them 1 where axes were merged
/// @param strides for each operand the strides along them, in elements
record Space(long[] dims, List<long[]> strides) {

    /// Merges what can be merged: neighbours along which every operand steps as along one.
    static Space merged(Shape shape, List<long[]> strides) {
        List<Long> dims = new ArrayList<>();
        List<List<Long>> kept = new ArrayList<>();
        strides.forEach(_ -> kept.add(new ArrayList<>()));
        for (int a = 0; a < shape.rank(); a++) {
            long d = shape.dim(a);
            if (d == 1) {
                continue;
            }
            int last = dims.size() - 1;
            boolean merges = last >= 0;
            for (int i = 0; merges && i < strides.size(); i++) {
                merges = kept.get(i).get(last) == strides.get(i)[a] * d;
            }
            for (int i = 0; i < strides.size(); i++) {
                if (merges) {
                    kept.get(i).set(last, strides.get(i)[a]);
                } else {
                    kept.get(i).add(strides.get(i)[a]);
                }
            }
            if (merges) {
                dims.set(last, dims.get(last) * d);
            } else {
                dims.add(d);
            }
        }
        return new Space(array(dims), kept.stream().map(Space::array).toList());
    }

    private static long[] array(List<Long> list) {
        return list.stream().mapToLong(Long::longValue).toArray();
    }

    int rank() {
        return dims.length;
    }

    long elements() {
        long n = 1;
        for (long d : dims) {
            n *= d;
        }
        return n;
    }

    /// The extent of the last axis; 1 if there is none.
    long inner() {
        return dims.length == 0 ? 1 : dims[dims.length - 1];
    }

    /// Whether positions, of elements and in memory, may exceed 31 bits.
    boolean wide() {
        boolean wide = elements() > Integer.MAX_VALUE / 2;
        for (long[] s : strides) {
            long reach = 0;
            for (int a = 0; a < dims.length; a++) {
                reach += Math.abs(s[a]) * Math.max(0, dims[a] - 1);
            }
            wide |= reach > Integer.MAX_VALUE / 2;
        }
        return wide;
    }

    /// The statements that give the coordinates `prefix0`, `prefix1`, … of the element whose number is in `flat`,
    /// along the first `axes` axes. Extents are parameters named after the prefix.
    List<String> decode(KernelWriter w, String prefix, String flat, int axes) {
        List<String> out = new ArrayList<>();
        if (axes == 1) {
            out.add("idx " + prefix + "0 = " + flat + ";");
            return out;
        }
        String rest = flat;
        for (int a = axes - 1; a > 0; a--) {
            String d = w.number("d_" + prefix + a, dims[a]);
            out.add("idx " + prefix + a + " = " + rest + " % " + d + ";");
            String next = prefix + "r" + a;
            out.add("idx " + next + " = " + rest + " / " + d + ";");
            rest = next;
        }
        if (axes > 0) {
            out.add("idx " + prefix + "0 = " + rest + ";");
        }
        return out;
    }

    /// The position in memory of operand `i` at the coordinates along axes `from` to `to`. Strides of 0 and 1 are part
    /// of the text, others parameters.
    String offset(KernelWriter w, String prefix, int i, int from, int to) {
        StringBuilder s = new StringBuilder();
        for (int a = from; a < to; a++) {
            long stride = strides.get(i)[a];
            if (stride == 0) {
                continue;
            }
            s.append(s.isEmpty() ? "" : " + ").append(prefix).append(a);
            if (stride != 1) {
                s.append(" * ").append(w.number("s_" + prefix + i + "_" + a, stride));
            }
        }
        return s.isEmpty() ? "0" : s.toString();
    }
}
