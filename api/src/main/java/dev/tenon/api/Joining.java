package dev.tenon.api;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The workings of those methods of [Tensors] that join several tensors or make grids.
final class Joining {
    private Joining() {}

    private static void requireSome(String op, List<Tensor> parts) {
        if (parts.isEmpty()) {
            throw new TensorException(op + ": needs at least one tensor");
        }
    }

    static List<Tensor> broadcast(List<Tensor> parts) {
        requireSome("broadcast_tensors", parts);
        Shape s = Shape.SCALAR;
        for (Tensor t : parts) {
            s = Shape.broadcast("broadcast_tensors", s, t.shape());
        }
        Shape to = s;
        return parts.stream().map(t -> t.expand(to)).toList();
    }

    static List<Tensor> meshgrid(List<Tensor> parts, boolean xy) {
        requireSome("meshgrid", parts);
        int n = parts.size();
        long[] dims = new long[n];
        for (int i = 0; i < n; i++) {
            if (parts.get(i).rank() > 1 || parts.get(i).dtype() != parts.getFirst().dtype()) {
                throw new TensorException("meshgrid: " + parts.get(i).type() + ": expected vectors of one dtype");
            }
            dims[i] = parts.get(i).elements();
        }
        List<Tensor> grids = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            long[] along = new long[n];
            Arrays.fill(along, 1);
            along[i] = dims[i];
            Tensor grid = parts.get(i).reshape(along).expand(Shape.of(dims));
            grids.add(xy && n >= 2 ? grid.transpose(0, 1) : grid);
        }
        return grids;
    }

    static Tensor horizontally(List<Tensor> parts) {
        requireSome("hstack", parts);
        List<Tensor> all = parts.stream().map(Tensor::atleast1d).toList();
        return Tensors.cat(all.getFirst().rank() == 1 ? 0 : 1, all);
    }

    static Tensor vertically(List<Tensor> parts) {
        requireSome("vstack", parts);
        return Tensors.cat(0, parts.stream().map(Tensor::atleast2d).toList());
    }

    static Tensor inDepth(List<Tensor> parts) {
        requireSome("dstack", parts);
        return Tensors.cat(2, parts.stream().map(Tensor::atleast3d).toList());
    }

    static Tensor columns(List<Tensor> parts) {
        requireSome("column_stack", parts);
        return horizontally(parts.stream().map(t -> t.rank() < 2 ? t.reshape(t.elements(), 1) : t).toList());
    }

    static Tensor blockDiagonal(List<Tensor> parts) {
        requireSome("block_diag", parts);
        DType dtype = Promotion.of(parts);
        long width = 0;
        for (Tensor t : parts) {
            if (t.rank() > 2) {
                throw new TensorException("block_diag: " + t.shape() + ": expected at most two axes");
            }
            width += t.atleast2d().size(1);
        }
        List<Tensor> rows = new ArrayList<>();
        long before = 0;
        for (Tensor t : parts) {
            Tensor block = t.atleast2d().to(dtype);
            long after = width - before - block.size(1);
            rows.add(Tensors.pad(block, 0, before, after));
            before += block.size(1);
        }
        return Tensors.cat(0, rows);
    }

    static Tensor product(List<Tensor> parts) {
        requireSome("cartesian_prod", parts);
        if (parts.size() == 1) {
            return parts.getFirst();
        }
        return Tensors.stack(1, meshgrid(parts, false).stream().map(Tensor::ravel).toList());
    }

    static Tensor combinations(Tensor x, int size, boolean withReplacement) {
        if (x.rank() != 1 || size < 0) {
            throw new TensorException("combinations: " + size + " of " + x.shape()
                    + ": expected a vector and no negative size");
        }
        if (size == 0) {
            return Tensors.empty(Shape.of(0), x.dtype(), x.device());
        }
        List<long[]> rows = new ArrayList<>();
        choose(new long[size], 0, 0, x.elements(), withReplacement, rows);
        long[] flat = rows.stream().flatMapToLong(Arrays::stream).toArray();
        Tensor index = Tensors.of(flat, Shape.of(flat.length), x.device());
        return x.indexSelect(0, index).reshape(Shape.of(rows.size(), size));
    }

    private static void choose(long[] row, int at, long from, long n, boolean again, List<long[]> into) {
        if (at == row.length) {
            into.add(row.clone());
            return;
        }
        for (long i = from; i < n; i++) {
            row[at] = i;
            choose(row, at + 1, again ? i : i + 1, n, again, into);
        }
    }

    /// base to the power of numbers evenly from start to stop.
    static Tensor logspace(double start, double stop, long count, double base, DType dtype, Device device) {
        Tensor exponent = Tensors.linspace(start, stop, count, DType.F64, device);
        return exponent.rpow(base).to(dtype);
    }

    static Tensor triangleIndices(long rows, long columns, long diagonal, boolean lower, DType dtype, Device device) {
        if (rows < 0 || columns < 0) {
            throw new TensorException("triangle indices: " + rows + " rows, " + columns + " columns");
        }
        Expr above = Exprs.sub(new Expr.Index(1), new Expr.Index(0));
        Expr inside = Exprs.binary(lower ? BinaryFn.LE : BinaryFn.GE, above, new Expr.Param(Kind.I64, 0));
        Tensor mask = Dispatcher.create(new MapOp("triangle", Lambda.of(inside, DType.BOOL), Shape.of(rows, columns),
                Scalars.ofBits(diagonal)), device);
        return mask.nonzero().mT().contiguous().to(dtype);
    }

    static Tensor vander(Tensor x, long columns, boolean increasing) {
        if (x.rank() == 0) {
            return vander(x.reshape(1), columns, increasing);
        }
        Tensor powers = Tensors.arange(0, columns, 1, DType.I64, x.device());
        Tensor order = increasing ? powers : powers.flip(0);
        DType dtype = x.dtype().isFloating() ? x.dtype() : DType.I64;
        return x.to(dtype).unsqueeze(x.rank()).pow(order.to(dtype));
    }
}
