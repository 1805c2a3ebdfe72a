package dev.tenon.onnx;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Branches and loops: ordinary Java that runs graphs.
final class ControlFlow {
    private ControlFlow() {}

    static void register(Operators r) {
        r.add("If", 1, Operators.Trait.RAW, c ->
                c.run(c.attributes().graph(c.integer(0) != 0 ? "then_branch" : "else_branch"), List.of()));
        r.add("Loop", 1, Operators.Trait.RAW, ControlFlow::loop);
        r.add("Scan", 8, Operators.Trait.RAW, c -> c.since(9) ? scan(c) : batchedScan(c));
        r.add("SequenceMap", 17, Operators.Trait.RAW, ControlFlow::sequenceMap);
    }

    private static List<OnnxValue> loop(Call c) {
        OnnxGraph body = c.attributes().graph("body");
        long most = c.has(0) ? c.integer(0) : Long.MAX_VALUE;
        boolean going = !c.has(1) || c.integer(1) != 0;
        List<OnnxValue> states = new ArrayList<>();
        for (int i = 2; i < c.inputs(); i++) {
            states.add(c.value(i));
        }
        int carried = states.size();
        if (body.inputs().size() != carried + 2 || body.outputs().size() < carried + 1) {
            throw new IllegalArgumentException("the body takes " + body.inputs().size() + " values and gives "
                    + body.outputs().size() + "; with " + carried + " carried values expected are " + (carried + 2)
                    + " and at least " + (carried + 1));
        }
        List<List<OnnxValue>> stacked = new ArrayList<>();
        for (int i = carried + 1; i < body.outputs().size(); i++) {
            stacked.add(new ArrayList<>());
        }
        for (long i = 0; i < most && going; i++) {
            List<OnnxValue> in = new ArrayList<>();
            in.add(scalar(c, i));
            try (Context.Mode _ = Context.recording(null)) {
                in.add(new OnnxValue.OfTensor(OnnxType.BOOL, c.full(Shape.SCALAR, 1, DType.BOOL), true));
            }
            in.addAll(states);
            List<OnnxValue> out = c.run(body, in);
            going = continues(body, out.getFirst());
            states = new ArrayList<>(out.subList(1, carried + 1));
            for (int k = 0; k < stacked.size(); k++) {
                stacked.get(k).add(out.get(carried + 1 + k));
            }
        }
        List<OnnxValue> results = new ArrayList<>(states);
        for (int k = 0; k < stacked.size(); k++) {
            results.add(stack(c, stacked.get(k), 0, body.outputs().get(carried + 1 + k)));
        }
        return results;
    }

    /// The number of the iteration can be read even while a graph is captured.
    private static OnnxValue scalar(Call c, long value) {
        return new OnnxValue.OfTensor(OnnxType.INT64, Tensors.of(new long[] {value}, Shape.SCALAR, c.device()), true);
    }

    private static boolean continues(OnnxGraph body, OnnxValue condition) {
        Tensor t = condition.tensor();
        if (t.elements() != 1) {
            throw new IllegalArgumentException("the condition '" + body.outputs().getFirst().name() + "' has shape "
                    + t.shape() + ", expected one truth value");
        }
        if (condition instanceof OnnxValue.OfTensor v && v.constant()) {
            try (Context.Mode _ = Context.recording(null)) {
                return t.toBooleanArray()[0];
            }
        }
        return t.detach().toBooleanArray()[0];
    }

    /// Values side by side along a new axis; of none, what is declared about one.
    private static OnnxValue stack(Call c, List<OnnxValue> values, int axis, ValueInfo declared) {
        if (!values.isEmpty()) {
            OnnxValue first = values.getFirst();
            int at = Call.axis(axis, first.tensor().rank() + 1);
            return OnnxValue.of(first.type(), Tensors.stack(at, values.stream().map(OnnxValue::tensor).toList()));
        }
        OnnxType type = OnnxType.FLOAT;
        Shape shape = Shape.of(0);
        if (declared.type() instanceof ValueType.OfTensor t) {
            type = t.element();
            List<String> dims = t.dims() == null ? List.of() : t.dims();
            long[] all = dims.stream().mapToLong(d -> d.matches("\\d{1,18}") ? Long.parseLong(d) : 0).toArray();
            shape = Shape.of(all).inserted(Call.axis(axis, all.length + 1), 0);
        }
        return OnnxValue.of(type, c.full(shape, 0, type.dtype()));
    }

    // --- scan

    private static List<OnnxValue> scan(Call c) {
        List<OnnxValue> all = new ArrayList<>();
        for (int i = 0; i < c.inputs(); i++) {
            all.add(c.value(i));
        }
        return scan(c, all, c.integers("scan_input_axes"), c.integers("scan_input_directions"),
                c.integers("scan_output_axes"), c.integers("scan_output_directions"), -1);
    }

    private static long at(long @Nullable [] list, int i) {
        return list == null || i >= list.length ? 0 : list[i];
    }

    private static List<OnnxValue> scan(Call c, List<OnnxValue> in, long @Nullable [] axes,
            long @Nullable [] directions, long @Nullable [] outAxes, long @Nullable [] outDirections, long length) {
        OnnxGraph body = c.attributes().graph("body");
        int scanned = (int) c.attr("num_scan_inputs", 0);
        int carried = in.size() - scanned;
        if (scanned < 1 || carried < 0 || body.outputs().size() < carried) {
            throw new IllegalArgumentException(scanned + " scanned of " + in.size() + " inputs, and a body that gives "
                    + body.outputs().size() + " values");
        }
        List<OnnxValue> states = new ArrayList<>(in.subList(0, carried));
        Tensor firstScan = in.get(carried).tensor();
        long steps = length >= 0 ? length : firstScan.size(Call.axis(at(axes, 0), firstScan.rank()));
        List<List<OnnxValue>> stacked = new ArrayList<>();
        for (int k = carried; k < body.outputs().size(); k++) {
            stacked.add(new ArrayList<>());
        }
        for (long i = 0; i < steps; i++) {
            List<OnnxValue> values = new ArrayList<>(states);
            for (int k = 0; k < scanned; k++) {
                OnnxValue v = in.get(carried + k);
                int axis = Call.axis(at(axes, k), v.tensor().rank());
                long position = at(directions, k) == 0 ? i : steps - 1 - i;
                values.add(OnnxValue.of(v.type(), v.tensor().select(axis, position)));
            }
            List<OnnxValue> out = c.run(body, values);
            states = new ArrayList<>(out.subList(0, carried));
            for (int k = 0; k < stacked.size(); k++) {
                stacked.get(k).add(out.get(carried + k));
            }
        }
        List<OnnxValue> results = new ArrayList<>(states);
        for (int k = 0; k < stacked.size(); k++) {
            List<OnnxValue> values = stacked.get(k);
            results.add(stack(c, at(outDirections, k) == 0 ? values : values.reversed(), (int) at(outAxes, k),
                    body.outputs().get(carried + k)));
        }
        return results;
    }

    /// Version 8 had a batch: a first input with the lengths, and a first axis everywhere.
    private static List<OnnxValue> batchedScan(Call c) {
        long batch = c.x(1).size(0);
        long[] lengths = c.has(0) ? c.longs(0) : null;
        long longest = c.x(c.inputs() - 1).size(1);
        List<List<OnnxValue>> perSample = new ArrayList<>();
        for (long b = 0; b < batch; b++) {
            List<OnnxValue> in = new ArrayList<>();
            for (int i = 1; i < c.inputs(); i++) {
                in.add(OnnxValue.of(c.type(i), c.x(i).select(0, b)));
            }
            perSample.add(scan(c, in, null, c.integers("directions"), null, null,
                    lengths == null ? -1 : lengths[(int) b]));
        }
        int carried = c.inputs() - 1 - (int) c.attr("num_scan_inputs", 0);
        List<OnnxValue> results = new ArrayList<>();
        for (int k = 0; k < (perSample.isEmpty() ? 0 : perSample.getFirst().size()); k++) {
            List<Tensor> parts = new ArrayList<>();
            for (List<OnnxValue> sample : perSample) {
                Tensor t = sample.get(k).tensor();
                if (k >= carried && t.size(0) < longest) {
                    long[] after = new long[t.rank()];
                    after[0] = longest - t.size(0);
                    t = Arrangements.constantPad(t, new long[t.rank()], after, c.full(Shape.SCALAR, 0, t.dtype()));
                }
                parts.add(t);
            }
            results.add(OnnxValue.of(perSample.getFirst().get(k).type(), Tensors.stack(0, parts)));
        }
        return results;
    }

    private static List<OnnxValue> sequenceMap(Call c) {
        OnnxGraph body = c.attributes().graph("body");
        int n = Sequences.of(c, 0).size();
        List<List<OnnxValue>> out = new ArrayList<>();
        body.outputs().forEach(_ -> out.add(new ArrayList<>()));
        for (int i = 0; i < n; i++) {
            List<OnnxValue> in = new ArrayList<>();
            for (int k = 0; k < c.inputs(); k++) {
                in.add(c.value(k) instanceof OnnxValue.Sequence s ? s.values().get(i) : c.value(k));
            }
            List<OnnxValue> results = c.run(body, in);
            for (int k = 0; k < results.size(); k++) {
                out.get(k).add(results.get(k));
            }
        }
        return out.stream().map(l -> (OnnxValue) new OnnxValue.Sequence(l)).toList();
    }
}
