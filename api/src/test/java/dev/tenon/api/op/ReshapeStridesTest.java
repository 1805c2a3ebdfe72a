package dev.tenon.api.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// A reshape is a view exactly where strides exist that read the elements in the same order.
class ReshapeStridesTest {
    /// The offsets of all elements in row-major order.
    private static long[] offsets(Shape shape, long[] strides) {
        long[] out = new long[Math.toIntExact(shape.elements())];
        for (int i = 0; i < out.length; i++) {
            long rest = i;
            for (int a = shape.rank() - 1; a >= 0; a--) {
                out[i] += rest % shape.dim(a) * strides[a];
                rest /= shape.dim(a);
            }
        }
        return out;
    }

    /// Whether any strides read the offsets: along each axis the stride can only be the distance to the first
    /// neighbour.
    private static boolean viewExists(long[] offsets, Shape to) {
        long[] strides = new long[to.rank()];
        long pitch = 1;
        for (int a = to.rank() - 1; a >= 0; a--) {
            strides[a] = to.dim(a) > 1 ? offsets[(int) pitch] - offsets[0] : 1;
            pitch *= to.dim(a);
        }
        long[] read = offsets(to, strides);
        for (int i = 0; i < read.length; i++) {
            if (read[i] != offsets[i] - offsets[0]) {
                return false;
            }
        }
        return true;
    }

    private static Shape random(Random r, long elements) {
        List<Long> dims = new ArrayList<>();
        long rest = elements;
        while (rest > 1) {
            long d = 1 + r.nextInt(6);
            if (rest % d == 0) {
                dims.add(d);
                rest /= d;
            } else if (r.nextInt(8) == 0) {
                dims.add(rest);
                rest = 1;
            }
        }
        for (int i = r.nextInt(3); i > 0; i--) {
            dims.add(r.nextInt(dims.size() + 1), 1L);
        }
        return Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
    }

    @Test
    void againstBruteForce() {
        Random r = new Random(1);
        int views = 0;
        int copies = 0;
        for (int round = 0; round < 20_000; round++) {
            long elements = new long[] {1, 2, 4, 6, 8, 12, 24, 36, 60}[r.nextInt(9)];
            Shape from = random(r, elements);
            long[] strides = from.contiguousStrides();
            for (int a = 0; a < strides.length; a++) {
                switch (r.nextInt(6)) {
                    case 0 -> strides[a] = 0;
                    case 1 -> strides[a] = -strides[a];
                    case 2 -> strides[a] *= 2;
                    case 3 -> {
                        int b = r.nextInt(strides.length);
                        long s = strides[a];
                        strides[a] = strides[b];
                        strides[b] = s;
                    }
                    default -> { }
                }
            }
            Shape to = random(r, elements);
            TensorType type = TensorType.of(DType.F32, from, strides);
            Optional<long[]> found = new ViewOp.Reshape(to).strides(type);
            long[] order = offsets(from, strides);
            String what = type + " as " + to;
            if (found.isPresent()) {
                assertArrayEquals(order, offsets(to, found.get()), what);
                views++;
            } else {
                copies++;
            }
            assertEquals(viewExists(order, to), found.isPresent(), what);
        }
        assertTrue(views > 1000 && copies > 1000, views + " views, " + copies + " copies");
    }
}
