package dev.tenon.kernel;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Plans ops with the shapes of tiles that are fastest for large products of matrices on a device: measured when the
/// first such product is planned, which takes some seconds, and remembered. With `-Dtenon.<backend>.tune=false` nothing
/// is measured and the usual shapes are taken.
public final class TileTuner {
    /// Measures how long a planned op takes.
    public interface Clock {
        /// The time of one run, in seconds.
        ///
        /// @throws dev.tenon.api.BackendException if it cannot be run on the device
        double seconds(KernelPlan plan, List<TensorType> in, List<TensorType> out, Scalars scalars);
    }

    private final Tuner tuner;
    private final Clock clock;
    private final Set<Kind> decided = EnumSet.noneOf(Kind.class);
    private KernelSource source;

    /// A tuner of one device.
    ///
    /// @param source with the usual tiles
    public TileTuner(KernelSource source, Tuner tuner, Clock clock) {
        this.source = source;
        this.tuner = tuner;
        this.clock = clock;
    }

    /// As [KernelSource#plan], with the tiles that are known, after a measurement if the op is worth it.
    public Optional<KernelPlan> plan(Op op, List<TensorType> in, List<TensorType> out) {
        KernelSource s = source(op, in, out);
        Optional<KernelPlan> usual = s.plan(op, in, out);
        Optional<KernelPlan.Choice> choice = usual.flatMap(KernelPlan::choice);
        if (choice.isEmpty()) {
            return usual;
        }
        List<MmaTile> tiles = choice.get().tiles();
        MmaTile best = tuner.fastest(choice.get().product(), tiles, tile -> clock.seconds(
                s.withTile(tile).plan(op, in, out).orElseThrow(), in, out, op.scalars()));
        return best.equals(tiles.getFirst()) ? usual : s.withTile(best).plan(op, in, out);
    }

    private synchronized KernelSource source(Op op, List<TensorType> in, List<TensorType> out) {
        if (op instanceof MatMulOp) {
            TensorType a = in.getFirst();
            Kind kind = a.dtype().kind();
            boolean large = out.getFirst().elements() * a.shape().dim(-1) >= GemmTile.LARGE;
            // Products on tensor cores are cut in other ways, measured for each size.
            if (large && kind.isFloating() && !source.traits().multiplies(a.dtype()) && decided.add(kind)) {
                source = source.withTile(kind, fastest(kind));
            }
        }
        return source;
    }

    private GemmTile fastest(Kind kind) {
        Shape square = source.traits().cpu() ? Shape.of(512, 512) : Shape.of(2048, 2048);
        TensorType t = TensorType.of(kind.dtype(), square);
        return tuner.fastest("products of " + kind, source.traits().tiles(kind), tile -> clock.seconds(
                source.withTile(kind, tile).plan(MatMulOp.PLAIN, List.of(t, t), List.of(t)).orElseThrow(),
                List.of(t, t), List.of(t), Scalars.NONE));
    }
}
