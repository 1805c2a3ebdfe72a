package dev.tenon.kernel;

import dev.tenon.api.BackendException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// Which of several ways to compute something is the fastest on a device: measured once, when it is first asked, and
/// remembered on disk beside the compiled kernels. With `-Dtenon.<backend>.tune=false` nothing is measured and the
/// first way is taken.
public final class Tuner {
    private static final System.Logger LOG = System.getLogger("dev.tenon.kernel");
    /// How much less time another way must take to be preferred to an earlier one: less is noise.
    private static final double GAIN = 0.98;

    private final String backend;
    private final String identity;
    private final BinaryCache kept;
    private final Map<String, Integer> decided = new HashMap<>();

    /// A tuner of one device.
    ///
    /// @param backend the backend's name, such as `cuda`
    /// @param identity what measurements depend on: device, driver, compiler
    /// @param kept where choices are remembered
    public Tuner(String backend, String identity, BinaryCache kept) {
        this.backend = backend;
        this.identity = identity;
        this.kept = kept;
    }

    /// Whether anything is measured.
    public boolean isOn() {
        return !System.getProperty("tenon." + backend + ".tune", "true").equals("false");
    }

    /// The fastest of some candidates; the first one if none can be measured. One measurement is made at a time.
    ///
    /// @param what what is to be computed, with all that the choice depends on besides the device
    /// @param candidates ways to do so, the usual one first; their texts (`toString`) tell them apart
    /// @param seconds runs a candidate on the device and tells how long it takes; one that fails with a
    ///     [BackendException] is left out
    public synchronized <T> T fastest(String what, List<T> candidates, ToDoubleFunction<T> seconds) {
        if (candidates.size() == 1 || !isOn()) {
            return candidates.getFirst();
        }
        String key = "fastest " + what + " of " + candidates + "\n" + identity;
        Integer index = decided.get(key);
        if (index == null) {
            index = known(key, candidates);
            if (index < 0) {
                index = measured(what, candidates, seconds);
                if (index >= 0) {
                    kept.write(key, candidates.get(index).toString().getBytes(StandardCharsets.UTF_8));
                }
            }
            index = Math.max(0, index);
            decided.put(key, index);
        }
        return candidates.get(index);
    }

    /// The number of the fastest, or -1 if none can be measured.
    private static <T> int measured(String what, List<T> candidates, ToDoubleFunction<T> seconds) {
        int best = -1;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < candidates.size(); i++) {
            T candidate = candidates.get(i);
            try {
                double s = seconds.applyAsDouble(candidate);
                LOG.log(Level.DEBUG, () -> what + " by " + candidate + ": " + s * 1e3 + " ms");
                if (best < 0 || s < least * GAIN) {
                    least = s;
                    best = i;
                }
            } catch (BackendException e) {
                // Such as too many registers for a group: the others remain, and the usual way.
                LOG.log(Level.INFO, what + " by " + candidate + " cannot be measured here: " + e);
            }
        }
        return best;
    }

    private <T> int known(String key, List<T> candidates) {
        byte @Nullable [] text = kept.read(key);
        if (text == null) {
            return -1;
        }
        return candidates.stream().map(Object::toString).toList().indexOf(new String(text, StandardCharsets.UTF_8));
    }
}
