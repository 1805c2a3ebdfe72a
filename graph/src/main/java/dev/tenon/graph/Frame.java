package dev.tenon.graph;

import dev.tenon.api.BackendException;
import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Replay;
import dev.tenon.api.spi.Stream;
import dev.tenon.graph.Buffer.Kind;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The memory of one run at a time: arenas, and the operands of every step as kernels take them. What a run is given
/// and hands out is put in before it and taken out after.
final class Frame {
    record Place(DeviceMemory memory, long byteOffset) implements Operand {}

    /// Stands where a run puts an operand of its own.
    private static final class Unbound implements Operand {
        @Override
        public DeviceMemory memory() {
            throw new IllegalStateException("an operand of a plan is not bound");
        }

        @Override
        public long byteOffset() {
            throw new IllegalStateException("an operand of a plan is not bound");
        }
    }

    private static final Operand UNBOUND = new Unbound();

    /// An operand whose place differs from run to run.
    private record Patch(Operand[] operands, int index, Slot slot) {}

    private final Plan plan;
    /// What is kept from run to run; operands point into it.
    final Kept.Results kept;
    private final Map<Device, Tensor> arenas = new HashMap<>();
    private final List<List<Operand>> in = new ArrayList<>();
    private final List<List<Operand>> out = new ArrayList<>();
    private final @Nullable Operand[] workspaces;
    private final Map<Buffer, List<Patch>> patches = new IdentityHashMap<>();
    private Map<Buffer, Tensor> fresh = Map.of();
    private List<Tensor> feeds = List.of();
    private int runs;
    private @Nullable Replay replay;
    /// Memory of the inputs and results of recorded launches, which are always the same.
    private Map<Buffer, Tensor> own = Map.of();

    Frame(Plan plan, Kept.Results kept) {
        this.plan = plan;
        this.kept = kept;
        try (Context.Mode _ = Context.unscoped()) {
            plan.memory.sizes().forEach((device, size) -> arenas.put(device, Plan.bytes(size, device)));
        }
        this.workspaces = new Operand[plan.steps.size()];
        for (int i = 0; i < workspaces.length; i++) {
            Step s = plan.steps.get(i);
            in.add(operands(s.in()));
            out.add(operands(s.out()));
            Buffer w = s.workspace();
            if (w != null) {
                Tensor arena = arena(w.device);
                workspaces[i] = new Place(arena.memory(), arena.byteOffset() + w.offset);
            }
        }
    }

    private List<Operand> operands(List<Slot> slots) {
        Operand[] a = new Operand[slots.size()];
        Arrays.fill(a, UNBOUND);
        for (int i = 0; i < a.length; i++) {
            Slot s = slots.get(i);
            Kind kind = s.buffer().kind;
            if (kind == Kind.ARENA || kind == Kind.FIXED || kind == Kind.KEPT) {
                a[i] = place(s);
            } else {
                patches.computeIfAbsent(s.buffer(), _ -> new ArrayList<>()).add(new Patch(a, i, s));
            }
        }
        return Arrays.asList(a);
    }

    private Place place(Slot s) {
        try (Tensor t = tensor(s)) {
            return new Place(t.memory(), t.byteOffset());
        }
    }

    private Tensor arena(Device d) {
        Tensor t = arenas.get(d);
        if (t == null) {
            throw new IllegalStateException("the plan has no memory on " + d);
        }
        return t;
    }

    /// The tensor in whose memory a buffer lies.
    Tensor base(Buffer b) {
        Tensor t = switch (b.kind) {
            case ARENA -> arena(b.device);
            case FIXED -> b.fixed;
            case KEPT -> kept.of(b);
            case INPUT -> feeds.get(b.input);
            case OUTPUT -> fresh.get(b);
        };
        if (t == null) {
            throw new IllegalStateException("a buffer of the plan has no memory");
        }
        return t;
    }

    /// A handle on what a slot holds, in no scope.
    Tensor tensor(Slot s) {
        Buffer b = s.buffer();
        Tensor base = base(b);
        long start = switch (b.kind) {
            case ARENA -> b.offset;
            case INPUT -> base.storageOffset() * base.dtype().bytes();
            case FIXED, KEPT, OUTPUT -> 0;
        };
        return base.inMemory(start + s.byteOffset(), s.type());
    }

    void run(List<Tensor> given, Map<Buffer, Tensor> allocated, Draws draws, @Nullable Trace trace) {
        feeds = given;
        fresh = allocated;
        if (trace == null && plan.isRecordable() && runs++ > 0 && replayed(draws)) {
            Reference.reachabilityFence(this);
            return;
        }
        patches.forEach((_, list) -> list.forEach(p -> p.operands[p.index] = place(p.slot)));
        for (int i = 0; i < workspaces.length; i++) {
            Step s = plan.steps.get(i);
            try {
                if (trace == null) {
                    step(i, s, draws);
                } else {
                    int at = i;
                    trace.timed(s, () -> step(at, s, draws));
                }
            } catch (RuntimeException e) {
                Node n = s.node();
                throw n == null ? e : Failures.at(n, e);
            }
        }
        // Kernels see addresses only: nothing may be collected while they run.
        Reference.reachabilityFence(given);
        Reference.reachabilityFence(allocated);
        Reference.reachabilityFence(this);
    }

    /// Runs recorded launches; records them if that has not been done. The first run of a frame is none of these, for
    /// much is done at the first time only.
    ///
    /// @return whether there are any
    private boolean replayed(Draws draws) {
        List<Scalars> numbers = plan.steps.stream().map(s -> draws.numbers(s.op().scalars())).toList();
        DeviceRuntime runtime = plan.steps.getFirst().out().getFirst().buffer().device.runtime();
        if (replay == null) {
            replay = record(runtime, numbers);
        }
        Replay r = replay;
        if (r == null) {
            return false;
        }
        Stream stream = runtime.defaultStream();
        own.forEach((b, mine) -> {
            if (b.kind == Kind.INPUT && b.bytes > 0) {
                Tensor given = feeds.get(b.input);
                runtime.copy(given.memory(), given.byteOffset(), mine.memory(), mine.byteOffset(), b.bytes, stream);
            }
        });
        r.run(stream, numbers);
        own.forEach((b, mine) -> {
            Tensor result = fresh.get(b);
            if (result != null && b.bytes > 0) {
                runtime.copy(mine.memory(), mine.byteOffset(), result.memory(), result.byteOffset(), b.bytes, stream);
            }
        });
        return true;
    }

    private @Nullable Replay record(DeviceRuntime runtime, List<Scalars> numbers) {
        own = new IdentityHashMap<>();
        Replay made = null;
        try (Context.Mode _ = Context.unscoped()) {
            patches.keySet().forEach(b -> own.put(b, Plan.bytes(b.bytes, b.device)));
            patches.forEach((b, list) -> list.forEach(p -> p.operands[p.index] =
                    new Place(base(own, b).memory(), base(own, b).byteOffset() + p.slot.byteOffset())));
            made = runtime.record(stream -> {
                for (int i = 0; i < workspaces.length; i++) {
                    Kernel k = plan.steps.get(i).kernel();
                    if (k != null) {
                        k.run(stream, in.get(i), out.get(i), workspaces[i], numbers.get(i));
                    }
                }
            }).orElse(null);
            if (made == null) {
                plan.notRecordable(null);
            }
        } catch (BackendException e) {
            plan.notRecordable(e);
        } finally {
            if (made == null) {
                own.values().forEach(Tensor::close);
                own = Map.of();
            }
        }
        return made;
    }

    private static Tensor base(Map<Buffer, Tensor> tensors, Buffer b) {
        Tensor t = tensors.get(b);
        if (t == null) {
            throw new IllegalStateException("a buffer of the plan has no memory");
        }
        return t;
    }

    private void step(int i, Step s, Draws draws) {
        Kernel kernel = s.kernel();
        if (kernel == null) {
            host(s, draws);
            return;
        }
        Stream stream = s.out().getFirst().buffer().device.runtime().defaultStream();
        kernel.run(stream, in.get(i), out.get(i), workspaces[i], draws.numbers(s.op().scalars()));
    }

    /// An op that runs on tensors rather than as a kernel.
    private void host(Step s, Draws draws) {
        List<Tensor> handles = new ArrayList<>();
        Node node = s.node();
        if (node != null) {
            draws.resolve(node);
        }
        try (Scope _ = Scope.open()) {
            for (Slot x : s.in()) {
                handles.add(tensor(x));
            }
            List<Tensor> made = s.op() instanceof CustomOp c ? c.evaluate(handles) : Dispatcher.apply(s.op(), handles);
            for (int j = 0; j < made.size(); j++) {
                try (Tensor to = tensor(s.out().get(j))) {
                    Dispatcher.applyInto(CopyOp.SAME, List.of(made.get(j)), List.of(to));
                }
            }
        } finally {
            handles.forEach(Tensor::close);
        }
    }

    /// Lets go of what belongs to the run.
    void unbind() {
        patches.forEach((_, list) -> list.forEach(p -> p.operands[p.index] = UNBOUND));
        feeds = List.of();
        fresh = Map.of();
    }

    void close() {
        Replay r = replay;
        if (r != null) {
            replay = null;
            r.close();
        }
        own.values().forEach(Tensor::close);
        own = Map.of();
        arenas.values().forEach(Tensor::close);
    }
}
