package dev.tenon.kernel;

import dev.tenon.api.DType;
import java.util.ArrayList;
import java.util.List;

/// How a product on tensor cores is cut among warps and groups. Which way is fastest depends on the device and the
/// product: those worth trying are few, and a backend may measure them.
///
/// @param rows pieces of 16 rows that a warp computes
/// @param columns pieces of 8 columns that a warp computes; even
/// @param warpsDown how many warps of a group lie one below the other
/// @param warpsAcross how many lie side by side
/// @param stages how many tiles have room in local memory: one is multiplied while the others arrive
/// @param splits into how many parts the depth is cut, each the work of other groups; their sums are added afterwards
public record MmaTile(int rows, int columns, int warpsDown, int warpsAcross, int stages, int splits) {
    /// Words of 32 bits by which tiles are deep.
    static final int DEPTH = 16;
    /// The fewest tiles along the depth that are worth groups of their own.
    private static final int LEAST_DEPTH = 8;
    private static final int MOST_SPLITS = 32;
    /// The most results of all splits together.
    private static final long MOST_SUMS = 1 << 26;

    /// Checks the numbers.
    public MmaTile {
        if (rows < 1 || columns < 2 || columns % 2 != 0 || warpsDown < 1 || warpsAcross < 1 || stages < 2
                || splits < 1) {
            throw new IllegalArgumentException("a tile of " + warpsDown + " x " + warpsAcross + " warps of " + rows
                    + " x " + columns + " pieces in " + stages + " stages and " + splits + " splits");
        }
    }

    MmaTile split(int parts) {
        return new MmaTile(rows, columns, warpsDown, warpsAcross, stages, parts);
    }

    int tileRows() {
        return 16 * rows * warpsDown;
    }

    int tileColumns() {
        return 8 * columns * warpsAcross;
    }

    int threads() {
        return 32 * warpsDown * warpsAcross;
    }

    /// Words of local memory for one tile of both operands.
    int stageWords() {
        return (tileRows() + tileColumns()) * DEPTH;
    }

    private static long parts(long extent, long side) {
        return (extent + side - 1) / side;
    }

    long tilesDown(long m) {
        return parts(m, tileRows());
    }

    long tilesAcross(long n) {
        return parts(n, tileColumns());
    }

    /// How many steps along the depth each split takes, so that none is empty.
    long stepsPerSplit(DType dtype, long k) {
        return parts(steps(dtype, k), splits);
    }

    private static long steps(DType dtype, long k) {
        return parts(k, DEPTH * 4L / dtype.bytes());
    }

    /// The ways worth measuring, the usual one first. Warps of 64 x 32 sums leave no registers for what is on its way
    /// from memory: they are for operands that are copied past the registers.
    ///
    /// @param past whether both operands are
    /// @param async whether at least one is
    static List<MmaTile> candidates(DType dtype, int units, boolean past, boolean async, long batch, long m, long n,
            long k) {
        int stages = async ? 3 : 2;
        MmaTile large = past ? new MmaTile(4, 4, 2, 4, 3, 1) : new MmaTile(2, 4, 4, 4, stages, 1);
        MmaTile small = new MmaTile(2, 4, 2, 2, stages, 1);
        List<MmaTile> shapes = new ArrayList<>(List.of(large, small));
        if (past) {
            shapes.add(new MmaTile(2, 4, 4, 2, 4, 1));
            shapes.add(new MmaTile(2, 4, 4, 4, 3, 1));
        }
        boolean fits = m >= large.tileRows() && n >= large.tileColumns();
        MmaTile first = fits && large.groups(batch, m, n) >= units ? large : small;
        List<MmaTile> all = new ArrayList<>();
        all.add(first.split(first.splits(dtype, units, batch, m, n, k)));
        for (MmaTile t : shapes) {
            boolean wanted = (m > t.tileRows() / 2 || t == small) && (n > t.tileColumns() / 2 || t == small);
            int usual = t.splits(dtype, units, batch, m, n, k);
            // Half as many, and twice as many unless there is work for all without them.
            int most = usual * t.groups(batch, m, n) < 2L * units ? 2 * usual : usual;
            for (int s = Math.max(1, usual / 2); wanted && s <= most; s *= 2) {
                MmaTile way = t.split(s);
                if (!all.contains(way) && way.isPossible(dtype, batch, m, n, k)) {
                    all.add(way);
                }
            }
        }
        return all;
    }

    private long groups(long batch, long m, long n) {
        return batch * tilesDown(m) * tilesAcross(n);
    }

    /// Into how many parts the depth is usually cut: as many as keep all multiprocessors busy.
    private int splits(DType dtype, int units, long batch, long m, long n, long k) {
        int s = 1;
        while (2 * s * groups(batch, m, n) <= units && split(2 * s).isPossible(dtype, batch, m, n, k)) {
            s *= 2;
        }
        return s;
    }

    private boolean isPossible(DType dtype, long batch, long m, long n, long k) {
        // No part of the depth is empty.
        return splits == 1 || splits <= MOST_SPLITS && splits * LEAST_DEPTH <= steps(dtype, k)
                && (splits - 1) * stepsPerSplit(dtype, k) < steps(dtype, k) && splits * batch * m * n <= MOST_SUMS;
    }
}
