package dev.tenon.graph;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Format;
import dev.tenon.api.spi.FormatRequest;
import dev.tenon.api.spi.FormatRequest.Readers;
import dev.tenon.api.spi.FormattedKernel;
import dev.tenon.api.spi.Kernel;
import dev.tenon.graph.Buffer.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Lets the kernels of a plan hand each other values in formats of their device, where they ask for that: steps are
/// gone through in order, and each kernel is offered its operands in the formats that they have. Where a kernel and
/// what it is given do not fit there is a step in between that converts; of a weight that stays the same that is one
/// of the [Kept] steps.
final class Formatting {
    /// Another layout of the same values.
    record Conversion(String name) implements CustomOp {
        @Override
        public List<TensorType> infer(List<TensorType> in) {
            return in;
        }

        @Override
        public List<Tensor> evaluate(List<Tensor> in) {
            return List.of(in.getFirst().clone());
        }
    }

    private static final Op PACK = new Conversion("pack");
    private static final Op UNPACK = new Conversion("unpack");

    private final List<Step> result = new ArrayList<>();
    private final Map<Buffer, Integer> writers = new IdentityHashMap<>();
    private final Map<Buffer, List<Step>> readers = new IdentityHashMap<>();
    private final Set<Buffer> kept;
    /// Of values that are in a format, which one.
    private final Map<Buffer, Format> formats = new IdentityHashMap<>();
    /// Of values in a format, where they are as tensors; of tensors, where they are in formats.
    private final Map<Buffer, Buffer> unpacked = new IdentityHashMap<>();
    private final Map<Buffer, Map<Format, Buffer>> packed = new IdentityHashMap<>();

    private Formatting(List<Step> steps) {
        kept = Kept.buffers(steps);
        for (Step s : steps) {
            s.out().forEach(o -> writers.merge(o.buffer(), 1, Integer::sum));
            s.in().forEach(i -> readers.computeIfAbsent(i.buffer(), _ -> new ArrayList<>()).add(s));
        }
    }

    /// The steps with the formats that their devices ask for.
    static List<Step> of(List<Step> steps) {
        Formatting f = new Formatting(steps);
        steps.forEach(f::add);
        return f.result;
    }

    private void add(Step s) {
        Optional<FormattedKernel> kernel = s.kernel() == null || s.in().isEmpty() ? Optional.empty() : prepare(s);
        List<Slot> in = new ArrayList<>();
        for (int i = 0; i < s.in().size(); i++) {
            int at = i;
            Optional<Format> wanted = kernel.flatMap(k -> k.in().get(at));
            in.add(wanted.isEmpty() ? plain(s, s.in().get(i)) : in(wanted.get(), s, s.in().get(i)));
        }
        if (kernel.isEmpty()) {
            result.add(new Step(s.node(), s.op(), s.kernel(), List.copyOf(in), s.out(), s.workspace()));
            return;
        }
        List<Slot> out = new ArrayList<>();
        List<Step> after = new ArrayList<>();
        for (int j = 0; j < s.out().size(); j++) {
            Slot o = s.out().get(j);
            Format f = kernel.get().out().get(j).orElse(null);
            if (f == null) {
                out.add(o);
            } else if (f.bytes() == o.buffer().bytes && readers(o) != Readers.PLAIN) {
                formats.put(o.buffer(), f);
                out.add(o);
            } else {
                Slot made = new Slot(Buffer.arena(o.buffer().device, f.bytes()), 0, o.type());
                out.add(made);
                if (readers(o) != Readers.NONE) {
                    after.add(step(s.node(), UNPACK, f.unpack(), made, o));
                }
            }
        }
        Kernel k = kernel.get().kernel();
        result.add(new Step(s.node(), s.op(), k, List.copyOf(in), List.copyOf(out),
                scratch(k, s.out().getFirst().buffer())));
        result.addAll(after);
    }

    private Optional<FormattedKernel> prepare(Step s) {
        List<Optional<Format>> given = s.in().stream().map(i -> Optional.ofNullable(formats.get(i.buffer()))).toList();
        List<Boolean> stays = s.in().stream().map(i -> kept.contains(i.buffer())).toList();
        List<Readers> read = s.out().stream().map(this::readers).toList();
        return runtime(s.out().getFirst()).prepareFormatted(s.op(), types(s.in()), types(s.out()),
                new FormatRequest(given, stays, read));
    }

    private static DeviceRuntime runtime(Slot s) {
        return s.buffer().device.runtime();
    }

    private static List<TensorType> types(List<Slot> slots) {
        return slots.stream().map(Slot::type).toList();
    }

    /// Whether a slot is all that its buffer holds, so that the order of it does not matter to others.
    private static boolean isWhole(Slot s) {
        return s.offset() == 0 && s.type().isContiguous()
                && s.type().elements() * s.type().dtype().bytes() == s.buffer().bytes;
    }

    private Readers readers(Slot o) {
        Buffer b = o.buffer();
        if (b.kind != Kind.ARENA || writers.getOrDefault(b, 0) != 1 || !isWhole(o)) {
            return Readers.PLAIN;
        }
        List<Step> all = readers.getOrDefault(b, List.of());
        boolean formatted = all.stream().allMatch(r -> r.kernel() != null
                && r.in().stream().allMatch(i -> i.buffer() != b || i.equals(o))
                && runtime(r.out().getFirst()).takesFormats(r.op(), types(r.in())));
        return all.isEmpty() ? Readers.NONE : formatted ? Readers.FORMATTED : Readers.PLAIN;
    }

    /// An operand as a tensor.
    private Slot plain(Step reader, Slot s) {
        Format f = formats.get(s.buffer());
        if (f == null) {
            return s;
        }
        Buffer to = unpacked.get(s.buffer());
        if (to == null) {
            to = Buffer.arena(s.buffer().device, s.buffer().bytes);
            unpacked.put(s.buffer(), to);
            result.add(step(reader.node(), UNPACK, f.unpack(), s, new Slot(to, s.offset(), s.type())));
        }
        return new Slot(to, s.offset(), s.type());
    }

    /// An operand in a format.
    private Slot in(Format wanted, Step reader, Slot s) {
        if (wanted.equals(formats.get(s.buffer()))) {
            return s;
        }
        Slot from = plain(reader, s);
        Map<Format, Buffer> known = packed.computeIfAbsent(from.buffer(), _ -> new HashMap<>());
        // A view of something: not the same for others who read it.
        Buffer to = isWhole(from) ? known.get(wanted) : null;
        if (to == null) {
            to = Buffer.arena(from.buffer().device, wanted.bytes());
            if (isWhole(from)) {
                known.put(wanted, to);
            }
            result.add(step(reader.node(), PACK, wanted.pack(), from, new Slot(to, 0, from.type())));
        }
        return new Slot(to, 0, from.type());
    }

    private static Step step(@Nullable Node node, Op op, Kernel kernel, Slot from, Slot to) {
        return new Step(node, op, kernel, List.of(from), List.of(to), scratch(kernel, to.buffer()));
    }

    private static @Nullable Buffer scratch(Kernel k, Buffer beside) {
        return k.workspaceBytes() == 0 ? null : Buffer.arena(beside.device, k.workspaceBytes());
    }
}
