package dev.tenon.conformance;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.spi.OpPolicy;
import dev.tenon.nn.Module;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;

/// Proves of a training step in `F32` that it is right although its numbers are not those of `F64`.
///
/// Near the switch of a ReLU or a maximum `F32` may rightly come out on the other side than `F64`, and the gradients of
/// all layers before then jump; and normalisation over few values magnifies what was rounded before. No tolerance on
/// the end of the computation tells that from an error. Therefore the steps are looked at one by one: from the
/// operands that it had in `F32`, each op of the forward pass is computed in `F64` too, and must have given that up to
/// rounding ([#LOCAL]); and the gradients are computed in `F64` from the very values that the forward pass had in
/// `F32`, so that every switch is where it was, and must be those of `F32` up to the usual tolerance. Together with
/// `F64`'s own numbers being PyTorch's this leaves no room for an error.
final class ParityReplay {
    /// How far the result of an op may be off, relative to its largest element.
    static final double LOCAL = 2e-5;

    private final ParityStep recorded;
    private final ParityStep exact;
    private final ParityStep replayed;
    private final double worst;
    private final String where;
    private final String switches;

    /// @param device computes in `F32`
    /// @param wide computes in `F64`
    ParityReplay(ParityFolder f, Device device, Device wide) throws IOException {
        this(f, device, wide, Dispatcher::apply);
    }

    /// @param ops runs the ops of the forward pass in `F32`
    ParityReplay(ParityFolder f, Device device, Device wide, OpPolicy ops) throws IOException {
        try (ForwardTrace trace = new ForwardTrace()) {
            recorded = step(f, DType.F32, device, trace.recording(ops));
            ForwardTrace.Switches count = trace.new Switches();
            exact = step(f, DType.F64, wide, count);
            ForwardTrace.Replay replay = trace.new Replay();
            replayed = step(f, DType.F64, wide, replay);
            worst = replay.worst();
            where = replay.where();
            switches = count.toString();
        }
    }

    private static ParityStep step(ParityFolder f, DType dtype, Device device, OpPolicy forward) throws IOException {
        try (Scope _ = Scope.open()) {
            Module net = f.network();
            net.to(device).to(dtype);
            return ParityStep.of(f, net, dtype, device, forward);
        }
    }

    /// Whether numbers that are not as wanted are nevertheless right.
    boolean explains(double[] want, double[] got, Function<ParityStep, double[]> part, ParityRule rule) {
        return worst <= LOCAL && rule.fits(DType.F64, want, part.apply(exact))
                && Arrays.equals(got, part.apply(recorded))
                && rule.fits(DType.F32, part.apply(replayed), got);
    }

    /// The numbers in `F32`.
    ParityStep recorded() {
        return recorded;
    }

    /// The numbers in `F64`.
    ParityStep exact() {
        return exact;
    }

    @Override
    public String toString() {
        return switches + String.format(Locale.ROOT, "; op by op F32 is right to %.1e (%s)", worst, where);
    }
}
