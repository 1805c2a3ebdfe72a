package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a generator must know of the device for which it writes.
///
/// @param cpu whether work items are run as vector lanes of a few cores: kernels then keep a work item's data together
///     instead of spreading it over the group
/// @param doubles whether the device computes in double precision
/// @param maxGroup the largest number of work items in a group
/// @param localBytes local memory for each group, in bytes
/// @param units the number of compute units (cores, multiprocessors)
/// @param lanes the number of 32-bit floats in a hardware vector, for devices that are CPUs
/// @param fastFma whether a fused multiply-add is as fast as a multiplication
/// @param singleTile the shape of tiles for large products of `f32`; null for the usual one
/// @param doubleTile the shape of tiles for large products of `f64`; null for the usual one
/// @param tensorCores the matrix units that kernels may use; null for none
public record DeviceTraits(
        boolean cpu,
        boolean doubles,
        int maxGroup,
        long localBytes,
        int units,
        int lanes,
        boolean fastFma,
        @Nullable GemmTile singleTile,
        @Nullable GemmTile doubleTile,
        @Nullable TensorCores tensorCores) {

    /// A device with the usual shapes of tiles and no matrix units.
    public DeviceTraits(
            boolean cpu, boolean doubles, int maxGroup, long localBytes, int units, int lanes, boolean fastFma) {
        this(cpu, doubles, maxGroup, localBytes, units, lanes, fastFma, null, null, null);
    }

    /// The same device with a shape of tiles for products of `F32` or `F64`.
    public DeviceTraits withTile(Kind kind, GemmTile tile) {
        return new DeviceTraits(cpu, doubles, maxGroup, localBytes, units, lanes, fastFma,
                kind == Kind.F32 ? tile : singleTile, kind == Kind.F64 ? tile : doubleTile, tensorCores);
    }

    /// The same device with matrix units.
    public DeviceTraits withTensorCores(TensorCores units) {
        return new DeviceTraits(cpu, doubles, maxGroup, localBytes, this.units, lanes, fastFma, singleTile, doubleTile,
                units);
    }

    /// The same device, whose matrix units cut products in some way.
    DeviceTraits withTile(MmaTile tile) {
        return tensorCores == null ? this
                : withTensorCores(new TensorCores(tensorCores.capability(), tensorCores.tf32(), tile));
    }

    /// Whether matrix units multiply numbers of a dtype.
    boolean multiplies(DType dtype) {
        return tensorCores != null && tensorCores.multiply(dtype);
    }

    /// The shapes of tiles worth measuring for products of a kind, the usual one first.
    public List<GemmTile> tiles(Kind kind) {
        return GemmTile.candidates(this, kind);
    }

    /// The shape of tiles for large products of a kind.
    GemmTile tile(Kind kind) {
        GemmTile chosen = kind == Kind.F32 ? singleTile : kind == Kind.F64 ? doubleTile : null;
        return chosen == null ? GemmTile.usual(this) : chosen;
    }

    /// The number of items in a group for kernels without local memory that have `n` items in all: enough to hide
    /// latency on a GPU and the group's own cost on a CPU. Of two sizes, since a kernel is built for each.
    int group(long n) {
        int small = 64;
        return Math.min(maxGroup, n <= small ? small : cpu ? 1024 : 256);
    }

    /// The same for kernels whose groups take a row of `n` items each: on a CPU, where items that have nothing to do
    /// cost as much as others, no more than half of them are left over.
    int rowGroup(long n) {
        return cpu && n > 64 && n < 1024
                ? Math.min(groupOf(1024), (int) Long.highestOneBit(2 * n - 1))
                : group(n);
    }

    /// The number of items in a group for kernels in which each item does much.
    int items() {
        return Math.min(maxGroup, cpu ? 64 : 128);
    }

    /// The largest power of two that is no more than `wanted` and the device's limit.
    int groupOf(int wanted) {
        return Integer.highestOneBit(Math.max(1, Math.min(wanted, maxGroup)));
    }
}
