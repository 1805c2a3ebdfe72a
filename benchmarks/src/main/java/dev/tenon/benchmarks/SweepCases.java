package dev.tenon.benchmarks;

import static dev.tenon.benchmarks.Cases.F32;

import java.util.ArrayList;
import java.util.List;

/// Sizes from 1 up, with odd and prime ones between those that kernels are made for: where the ratio falls, a kernel
/// has a cliff.
final class SweepCases {
    private static final long[] LENGTHS = {1, 7, 31, 64, 127, 509, 1024, 4099, 16384, 65537, 262144, 1000003, 4194304,
        16777216};
    private static final long[] SIDES = {1, 2, 3, 5, 8, 13, 16, 17, 31, 32, 33, 47, 64, 67, 97, 128, 131, 193, 256,
        257, 384, 509, 512, 513, 769, 1024, 1031};

    private SweepCases() {}

    /// A case, the line it is a point of, and where.
    ///
    /// @param panel which of the pictures
    /// @param line in the picture
    /// @param size along the axis, whose title is the panel's
    record Point(BenchCase c, Panel panel, String line, double size) {}

    /// The pictures, one below the other.
    enum Panel {
        PRODUCTS("matrix products", "multiplications of the product, cube root"),
        ELEMENTS("elementwise and reductions", "elements"),
        CONVOLUTIONS("convolutions", "multiplications");

        final String title;
        final String axis;

        Panel(String title, String axis) {
            this.title = title;
            this.axis = axis;
        }
    }

    static List<Point> all() {
        List<Point> all = new ArrayList<>();
        for (long n : SIDES) {
            product(all, "n x n x n", n, n, n);
            product(all, "1 x n x n", 1, n, n);
            product(all, "n x n x 1", n, n, 1);
            product(all, "n x 64 x 64", n, 64, 64);
            product(all, "64 x n x 3", 64, n, 3);
        }
        for (long n : LENGTHS) {
            elements(all, "add", 3, n);
            elements(all, "relu", 2, n);
            elements(all, "gelu", 2, n);
            elements(all, "sum", 1, n);
            // Rows of n, as many as make some work.
            long rows = Math.max(1, Math.min(64, (1 << 16) / n));
            all.add(new Point(BenchCase.of("softmax-rows", 0, 2.0 * F32 * n * rows, 1.0, rows, n), Panel.ELEMENTS,
                "softmax (rows)", n));
        }
        for (long side : new long[] {1, 3, 7, 13, 14, 28, 31, 56, 57, 112}) {
            convolution(all, "3 x 3, 64 channels", 2, 64, side, 64, 3, 1, 1, 1);
            convolution(all, "3 x 3, 13 to 17 channels", 2, 13, side, 17, 3, 1, 1, 1);
            convolution(all, "1 x 1, 128 channels", 2, 128, side, 128, 1, 1, 0, 1);
            convolution(all, "5 x 5, stride 2, 3 to 31 channels", 2, 3, side + 4, 31, 5, 2, 2, 1);
            convolution(all, "3 x 3, depthwise, 67 channels", 2, 67, side, 67, 3, 1, 1, 67);
        }
        return List.copyOf(all);
    }

    private static void product(List<Point> all, String line, long m, long k, long n) {
        BenchCase c = BenchCase.of("matmul", 2.0 * m * k * n, 0, 1.0, m, k, n);
        if (all.stream().noneMatch(p -> p.c.name().equals(c.name()))) {
            all.add(new Point(c, Panel.PRODUCTS, line, Math.cbrt((double) m * k * n)));
        }
    }

    private static void elements(List<Point> all, String kind, double passes, long n) {
        all.add(new Point(BenchCase.of(kind, 0, passes * F32 * n, 1.0, n), Panel.ELEMENTS, kind, n));
    }

    private static void convolution(List<Point> all, String line, long... dims) {
        for (String kind : List.of("conv-forward", "conv-train")) {
            BenchCase c = Cases.convolution(kind, 1.0, dims);
            all.add(new Point(c, Panel.CONVOLUTIONS, line + (kind.equals("conv-train") ? ", with gradients" : ""),
                c.flops() / 2));
        }
    }
}
