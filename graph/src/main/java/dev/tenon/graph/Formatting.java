package dev.tenon.graph;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
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

    private static final boolean ENABLED =
            Boolean.parseBoolean(System.getProperty("tenon.graph.formats", "true"));
    private static final Op PACK = new Conversion("pack");
    private static final Op UNPACK = new Conversion("unpack");

    /// A value in a format, and where it lies.
    private record Formatted(Format format, Slot slot) {}

    private final List<Step> result = new ArrayList<>();
    private final Map<Buffer, Integer> writers = new IdentityHashMap<>();
    private final Map<Buffer, List<Step>> readers = new IdentityHashMap<>();
    private final Set<Buffer> kept;
    /// Where values are in formats; the first one is that in which a kernel gave it, if one did.
    private final Map<Slot, Map<Format, Slot>> formatted = new HashMap<>();
    /// Values that kernels gave in a format only.
    private final Map<Buffer, Formatted> given = new IdentityHashMap<>();
    /// Of those, where they are as tensors.
    private final Map<Buffer, Buffer> unpacked = new IdentityHashMap<>();

    private Formatting(List<Step> steps) {
        kept = Kept.buffers(steps);
        for (Step s : steps) {
            s.out().forEach(o -> writers.merge(o.buffer(), 1, Integer::sum));
            s.in().forEach(i -> readers.computeIfAbsent(i.buffer(), _ -> new ArrayList<>()).add(s));
        }
    }

    /// The steps with the formats that their devices ask for.
    static List<Step> of(List<Step> steps) {
        if (!ENABLED) {
            return new ArrayList<>(steps);
        }
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
            Optional<Format> f = kernel.get().out().get(j);
            out.add(f.isEmpty() ? o : out(f.get(), s, o, after));
        }
        Kernel k = kernel.get().kernel();
        result.add(new Step(s.node(), s.op(), k, List.copyOf(in), List.copyOf(out),
                scratch(k, s.out().getFirst().buffer())));
        result.addAll(after);
    }

    /// Where a result goes that comes in a format. It stays there alone if none of its readers needs a tensor.
    private Slot out(Format f, Step s, Slot o, List<Step> after) {
        Readers who = readers(o);
        Slot made = lying(f, f.bytes() == o.buffer().bytes && who != Readers.PLAIN ? o.buffer()
                : Buffer.arena(o.buffer().device, f.bytes()), o.type());
        if (isStable(o) && writers.getOrDefault(o.buffer(), 0) == 1) {
            formatted.computeIfAbsent(o, _ -> new LinkedHashMap<>()).put(f, made);
        }
        if (who == Readers.PLAIN) {
            after.add(step(s.node(), UNPACK, f.unpack(), made, o));
        } else {
            given.put(o.buffer(), new Formatted(f, made));
        }
        return made;
    }

    /// A format may take less memory than the tensor.
    private static Slot lying(Format f, Buffer b, TensorType type) {
        boolean fits = f.bytes() >= type.elements() * type.dtype().bytes();
        return new Slot(b, 0, fits ? type : TensorType.of(DType.U8, Shape.of(f.bytes())));
    }

    private Optional<FormattedKernel> prepare(Step s) {
        List<Optional<Format>> lie = s.in().stream().map(i -> formatted.getOrDefault(i, Map.of()).keySet().stream()
                .findFirst()).toList();
        List<Boolean> stays = s.in().stream().map(i -> kept.contains(i.buffer())).toList();
        List<Readers> read = s.out().stream().map(this::readers).toList();
        // Only what is contiguous can be brought to a format.
        return runtime(s.out().getFirst()).prepareFormatted(s.op(), types(s.in()), types(s.out()),
                new FormatRequest(lie, stays, read)).filter(k -> IntStream.range(0, s.in().size())
                        .allMatch(i -> k.in().get(i).isEmpty() || s.in().get(i).type().isContiguous()));
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

    /// Whether what a slot holds is all that its buffer ever holds once it has been written.
    private boolean isStable(Slot s) {
        boolean own = s.buffer().kind == Kind.ARENA || s.buffer().kind == Kind.OUTPUT;
        return isWhole(s) && writers.getOrDefault(s.buffer(), 0) <= (own ? 1 : 0);
    }

    private Readers readers(Slot o) {
        Buffer b = o.buffer();
        if (b.kind != Kind.ARENA || !isStable(o)) {
            return Readers.PLAIN;
        }
        List<Step> all = readers.getOrDefault(b, List.of());
        boolean take = all.stream().allMatch(r -> r.kernel() != null
                && r.in().stream().allMatch(i -> i.buffer() != b || i.equals(o))
                && runtime(r.out().getFirst()).takesFormats(r.op(), types(r.in())));
        return all.isEmpty() ? Readers.NONE : take ? Readers.FORMATTED : Readers.PLAIN;
    }

    /// An operand as a tensor.
    private Slot plain(Step reader, Slot s) {
        Formatted f = given.get(s.buffer());
        if (f == null) {
            return s;
        }
        Buffer to = unpacked.get(s.buffer());
        if (to == null) {
            to = Buffer.arena(s.buffer().device, s.buffer().bytes);
            unpacked.put(s.buffer(), to);
            TensorType whole = TensorType.of(DType.U8, Shape.of(to.bytes));
            result.add(step(reader.node(), UNPACK, f.format.unpack(), f.slot, new Slot(to, 0, whole)));
        }
        return new Slot(to, s.offset(), s.type());
    }

    /// An operand in a format.
    private Slot in(Format wanted, Step reader, Slot s) {
        Slot known = formatted.getOrDefault(s, Map.of()).get(wanted);
        if (known != null) {
            return known;
        }
        Slot from = plain(reader, s);
        Slot to = lying(wanted, Buffer.arena(s.buffer().device, wanted.bytes()), s.type());
        // What is written again is not the same for others who read it.
        if (isStable(s)) {
            formatted.computeIfAbsent(s, _ -> new LinkedHashMap<>()).put(wanted, to);
        }
        result.add(step(reader.node(), PACK, wanted.pack(), from, to));
        return to;
    }

    private static Step step(@Nullable Node node, Op op, Kernel kernel, Slot from, Slot to) {
        return new Step(node, op, kernel, List.of(from), List.of(to), scratch(kernel, to.buffer()));
    }

    private static @Nullable Buffer scratch(Kernel k, Buffer beside) {
        return k.workspaceBytes() == 0 ? null : Buffer.arena(beside.device, k.workspaceBytes());
    }
}
