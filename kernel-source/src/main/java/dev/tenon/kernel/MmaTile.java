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

    /// Elements of a dtype by which tiles are deep.
    static int step(DType dtype) {
        return DEPTH * 4 / dtype.bytes();
    }

    /// The ways worth measuring, the usual one first; all give the same bits. Warps of 64 x 32 sums leave no registers
    /// for what is on its way from memory: they are for operands that are copied past the registers.
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
        // The same number for all, so that each gives the same bits.
        int splits = Splits.usual(first.groups(batch, m, n), units, step(dtype), batch * m * n, k);
        List<MmaTile> all = new ArrayList<>(List.of(first.split(splits)));
        for (MmaTile t : shapes) {
            boolean wanted = t == small || m > t.tileRows() / 2 && n > t.tileColumns() / 2;
            if (wanted && t != first) {
                all.add(t.split(splits));
            }
        }
        return all;
    }

    private long groups(long batch, long m, long n) {
        return batch * Splits.parts(m, tileRows()) * Splits.parts(n, tileColumns());
    }
}
