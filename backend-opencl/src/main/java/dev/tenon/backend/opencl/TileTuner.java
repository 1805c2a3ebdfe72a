package dev.tenon.backend.opencl;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.kernel.BinaryCache;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GemmTile;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which shape of tiles is fastest for large products of matrices on a device: measured when the first such product is
/// prepared, which takes some seconds, and remembered on disk beside compiled programs. With
/// `-Dtenon.opencl.tune=false` nothing is measured and the usual shapes are taken.
final class TileTuner {
    private static final System.Logger LOG = System.getLogger("dev.tenon.opencl");
    /// Multiplications from which a product is worth the measurement.
    private static final long LARGE = 1L << 28;

    /// Measures how long a large product takes with the shapes of tiles that the traits name.
    interface Clock {
        /// The time in seconds.
        double seconds(Kind kind, DeviceTraits traits);
    }

    private final String identity;
    private final BinaryCache kept;
    private final Clock clock;
    private final Set<Kind> decided = EnumSet.noneOf(Kind.class);
    private DeviceTraits traits;

    /// @param identity what the choice depends on: device and driver
    TileTuner(String identity, DeviceTraits traits, BinaryCache kept, Clock clock) {
        this.identity = identity;
        this.traits = traits;
        this.kept = kept;
        this.clock = clock;
    }

    /// The device's traits with the shapes that are known, after a measurement if the op is worth it.
    synchronized DeviceTraits traits(Op op, List<TensorType> in, List<TensorType> out) {
        if (op instanceof MatMulOp) {
            TensorType a = in.getFirst();
            Kind kind = a.dtype().kind();
            if (kind.isFloating() && out.getFirst().elements() * a.shape().dim(-1) >= LARGE && decided.add(kind)) {
                decide(kind);
            }
        }
        return traits;
    }

    private void decide(Kind kind) {
        if (System.getProperty("tenon.opencl.tune", "true").equals("false")) {
            return;
        }
        List<GemmTile> candidates = traits.tiles(kind);
        String key = "tiles " + kind + " " + candidates + "\n" + identity;
        GemmTile known = parsed(kept.read(key), candidates);
        if (known == null) {
            known = fastest(kind, candidates);
            if (known != null) {
                kept.write(key, text(known).getBytes(StandardCharsets.UTF_8));
            }
        }
        if (known != null) {
            traits = traits.withTile(kind, known);
        }
    }

    private @Nullable GemmTile fastest(Kind kind, List<GemmTile> candidates) {
        GemmTile best = null;
        double least = Double.POSITIVE_INFINITY;
        for (GemmTile t : candidates) {
            try {
                double s = clock.seconds(kind, traits.withTile(kind, t));
                LOG.log(Level.DEBUG, () -> "products of " + kind + " with " + t + ": " + s * 1e3 + " ms");
                if (s < least) {
                    least = s;
                    best = t;
                }
            } catch (BackendException e) {
                // Such as too many registers for a group: the others remain, and the usual shape.
                LOG.log(Level.INFO, "products of " + kind + " with " + t + " cannot be measured here: " + e);
            }
        }
        return best;
    }

    private static String text(GemmTile t) {
        return t.rows() + " " + t.columns() + " " + t.depth();
    }

    private static @Nullable GemmTile parsed(byte @Nullable [] text, List<GemmTile> candidates) {
        if (text == null) {
            return null;
        }
        String s = new String(text, StandardCharsets.UTF_8);
        return candidates.stream().filter(t -> text(t).equals(s)).findFirst().orElse(null);
    }
}
