package dev.tenon.graph;

import dev.tenon.api.BackendException;
import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Buffer.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// How a graph runs: its steps with prepared kernels, and where everything lies. Made once, run by any number of
/// threads; each run that is under way has memory of its own.
final class Plan {
    private static final System.Logger LOG = System.getLogger(Plan.class.getName());
    private static final boolean RECORDS =
            Boolean.parseBoolean(System.getProperty("tenon.graph.record", "true"));
    private static final int KEPT_FRAMES = 2;

    final List<Step> steps;
    final List<Buffer> escaping = new ArrayList<>();
    final MemoryPlan memory;
    private final Kept kept;
    private final Graph graph;
    private final List<Slot> outputs;
    private final List<Slot> gradients;
    private final ConcurrentLinkedQueue<Frame> frames = new ConcurrentLinkedQueue<>();
    private volatile boolean recordable;

    Plan(Graph graph) {
        this.graph = graph;
        Lowering l = Lowering.of(graph);
        List<Step> all = Formatting.of(List.copyOf(l.steps()));
        this.kept = Kept.takenFrom(all);
        this.steps = Schedule.best(List.copyOf(all));
        this.outputs = List.copyOf(l.outputs());
        this.gradients = List.copyOf(l.gradients());
        this.memory = MemoryPlan.of(steps);
        this.recordable = RECORDS && onOneDevice();
        Set<Buffer> out = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Step s : steps) {
            for (Buffer b : s.buffers()) {
                if (b.kind == Kind.OUTPUT && out.add(b)) {
                    escaping.add(b);
                }
            }
        }
    }

    /// Whether all that a run does is to launch kernels of one device, on operands that can be copied as they lie.
    private boolean onOneDevice() {
        Set<Device> devices = new HashSet<>();
        for (Step s : steps) {
            if (s.kernel() == null || s.out().stream().anyMatch(o -> o.buffer().kind == Kind.INPUT)) {
                return false;
            }
            s.in().forEach(o -> devices.add(o.buffer().device));
            s.out().forEach(o -> devices.add(o.buffer().device));
        }
        return devices.size() == 1 && graph.inputs().stream().allMatch(v -> v.type().isContiguous());
    }

    /// Whether runs may be recorded and replayed with one launch, as far as is known.
    boolean isRecordable() {
        return recordable;
    }

    /// Notes that runs cannot be recorded.
    ///
    /// @param why what the device said; null if it records nothing at all
    void notRecordable(@Nullable BackendException why) {
        if (why != null && recordable) {
            LOG.log(System.Logger.Level.WARNING, "graph " + graph.name()
                    + " is launched kernel by kernel, for it could not be recorded: " + why.getMessage());
        }
        recordable = false;
    }

    // --- runs

    List<Tensor> run(List<Tensor> feeds, Draws draws) {
        try (Context.Mode _ = Context.noGrad(); Context.Mode _ = Context.policy(null)) {
            List<Tensor> in = new ArrayList<>(feeds.size());
            for (int i = 0; i < feeds.size(); i++) {
                in.add(Views.laidOut(feeds.get(i), graph.inputs().get(i).type()));
            }
            Map<Buffer, Tensor> fresh = allocate();
            Frame frame = frame(kept.ready());
            Trace trace = Trace.current();
            boolean done = false;
            try {
                frame.run(in, fresh, draws, trace);
                draws.rest();
                done = true;
            } finally {
                if (!done) {
                    frame.close();
                    fresh.values().forEach(Tensor::close);
                }
            }
            List<Tensor> results = new ArrayList<>(outputs.size());
            for (Slot s : outputs) {
                results.add(handle(frame, s));
            }
            for (int i = 0; i < gradients.size(); i++) {
                Slot s = gradients.get(i);
                graph.gradients().get(i).leaf().setGrad(frame.base(s.buffer()).inMemory(s.byteOffset(), s.type()));
            }
            graph.updates().forEach(u -> u.parameter().tensor().touch());
            frame.unbind();
            if (frames.size() < KEPT_FRAMES) {
                frames.add(frame);
            } else {
                frame.close();
            }
            fresh.values().forEach(Tensor::close);
            for (int i = 0; i < in.size(); i++) {
                if (in.get(i) != feeds.get(i)) {
                    in.get(i).close();
                }
            }
            return results;
        }
    }

    /// A frame that reads what is kept at present.
    private Frame frame(Kept.Results now) {
        for (Frame f = frames.poll(); f != null; f = frames.poll()) {
            if (f.kept == now) {
                return f;
            }
            f.close();
        }
        return new Frame(this, now);
    }

    /// A tensor in the caller's scope.
    private static Tensor handle(Frame frame, Slot s) {
        try (Tensor t = frame.tensor(s)) {
            return t.detach();
        }
    }

    private Map<Buffer, Tensor> allocate() {
        Map<Buffer, Tensor> fresh = new IdentityHashMap<>();
        try (Context.Mode _ = Context.unscoped()) {
            for (Buffer b : escaping) {
                fresh.put(b, bytes(b.bytes, b.device));
            }
        }
        return fresh;
    }

    static Tensor bytes(long n, Device device) {
        return Tensors.empty(Shape.of(n), DType.U8, device);
    }

    /// Gives back the memory that is kept from run to run.
    void releaseMemory() {
        kept.release();
        for (Frame f = frames.poll(); f != null; f = frames.poll()) {
            f.close();
        }
    }
}
