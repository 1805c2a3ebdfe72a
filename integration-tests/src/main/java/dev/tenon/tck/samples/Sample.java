package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// One call of an operation on certain operands, and how its result is judged.
///
/// @param op the operation's name, as the support matrix shows it
/// @param dtype the dtype that the call is about
/// @param variant what tells this call from others of the same operation and dtype
/// @param inputs the operands
/// @param call what is called
/// @param direct the op itself, where the call dispatches one op to all operands
/// @param family the tolerances
/// @param scale the size of the numbers that are added up, if that is more than the largest expected value
/// @param gradients up to which order derivatives are checked by finite differences (for `F64` only)
public record Sample(
        String op, DType dtype, String variant, List<Input> inputs, Call call, Optional<Op> direct, Family family,
        double scale, int gradients) {

    /// What is called.
    @FunctionalInterface
    public interface Call {
        /// The results for operands on the device.
        List<Tensor> on(Device device, List<Tensor> in);
    }

    /// A call of one op.
    public static Sample of(String name, DType dtype, String variant, Op op, Family family, Input... inputs) {
        Call call = (device, in) -> in.isEmpty() ? List.of(Dispatcher.create((MapOp) op, device))
                : Dispatcher.apply(op, in);
        return new Sample(name, dtype, variant, List.of(inputs), call, Optional.of(op), family, 0, 0);
    }

    /// A call of anything.
    public static Sample of(String name, DType dtype, String variant, Call call, Family family, Input... inputs) {
        return new Sample(name, dtype, variant, List.of(inputs), call, Optional.empty(), family, 0, 0);
    }

    /// This sample with another scale.
    public Sample scale(double other) {
        return new Sample(op, dtype, variant, inputs, call, direct, family, other, gradients);
    }

    /// This sample with derivatives up to an order checked.
    public Sample gradients(int order) {
        return new Sample(op, dtype, variant, inputs, call, direct, family, scale, order);
    }

    /// The operands on a device.
    public List<Tensor> on(Device device) {
        return inputs.stream().map(i -> i.on(device)).toList();
    }

    /// This sample with each of its operands in another layout, one sample for each layout that it can have.
    List<Sample> inLayouts(Layout... layouts) {
        List<Sample> all = new ArrayList<>(List.of(this));
        for (Layout l : layouts) {
            List<Input> laid = inputs.stream().map(i -> i.in(l)).toList();
            String v = variant.isEmpty() ? l.name().toLowerCase(Locale.ROOT)
                    : variant + " " + l.name().toLowerCase(Locale.ROOT);
            all.add(new Sample(op, dtype, v, laid, call, direct, family, scale, 0));
        }
        return all;
    }

    /// The operands in words.
    public String operands() {
        return inputs.stream().map(Input::toString).collect(Collectors.joining(", "));
    }

    @Override
    public String toString() {
        return op + " " + dtype + (variant.isEmpty() ? "" : " " + variant);
    }

}
