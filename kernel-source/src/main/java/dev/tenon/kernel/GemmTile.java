package dev.tenon.kernel;

import dev.tenon.api.DType.Kind;
import java.util.ArrayList;
import java.util.List;

/// How products of matrices are cut for one item's registers. Which shape is fastest depends on the device: those worth
/// trying are few, and a backend may measure them.
///
/// @param rows rows of sums that an item holds
/// @param columns columns of sums that an item holds; on a CPU counted in vectors
/// @param depth how many products deep both operands are cut: what is in local memory at once on a GPU, what stays in
///     the first-level cache on a CPU
public record GemmTile(int rows, int columns, int depth) {
    /// Multiplications from which a product is worth measuring.
    static final long LARGE = 1L << 28;

    /// Checks the numbers.
    public GemmTile {
        if (rows < 1 || columns < 1 || depth < 1) {
            throw new IllegalArgumentException("a tile of " + rows + " x " + columns + " x " + depth
                    + ": all must be at least 1");
        }
    }

    /// The shape for large products where none was measured.
    static GemmTile usual(DeviceTraits traits) {
        if (!traits.cpu()) {
            return new GemmTile(8, 8, 16);
        }
        return new GemmTile(traits.lanes() >= 16 ? 12 : traits.lanes() >= 8 ? 6 : 4, 2, 256);
    }

    /// The shapes worth measuring on a device, the usual one first.
    static List<GemmTile> candidates(DeviceTraits traits, Kind kind) {
        List<GemmTile> all = new ArrayList<>(List.of(usual(traits)));
        List<GemmTile> others = traits.cpu()
                ? List.of(new GemmTile(6, 2, 256), new GemmTile(8, 2, 256), new GemmTile(14, 2, 256),
                        new GemmTile(4, 3, 256), new GemmTile(8, 3, 192), new GemmTile(12, 2, 384))
                : List.of(new GemmTile(4, 4, 16), new GemmTile(8, 4, 16), new GemmTile(4, 8, 16),
                        new GemmTile(8, 8, 8), new GemmTile(6, 6, 16));
        for (GemmTile t : others) {
            // More sums than registers, by far, cannot pay.
            boolean fits = !traits.cpu() || t.rows() * t.columns() <= (traits.lanes() >= 16 ? 28 : 14);
            if (fits && !all.contains(t)) {
                all.add(t);
            }
        }
        if (kind == Kind.F64) {
            all.removeIf(t -> !traits.cpu() && t.rows() * t.columns() > 36 && all.size() > 1);
        }
        return all;
    }
}
