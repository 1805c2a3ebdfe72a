package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// An execution plan of cuDNN: a graph of operations and the engine that computes it.
final class CudnnPlan implements LibraryPlan {
    private static final System.Logger LOG = System.getLogger("dev.tenon.cuda");
    private static final Cleaner CLEANER = Cleaner.create();

    private final Cudnn cudnn;
    private final Made made;
    private final long workspaceBytes;
    private final long scratchBytes;
    private final int operands;
    private final List<CudnnGraph.Place> inScratch;
    private final MemorySegment ids;
    /// Of operands and results, of tensors in scratch memory, and of numbers in `numbers`.
    private final MemorySegment addresses;
    /// Kept for as long as the addresses of its numbers.
    private final MemorySegment numbers;
    private final MemorySegment workspace;
    private final MemorySegment slot;

    /// What the library made for a plan; destroyed when nobody can reach the plan any more.
    private static final class Made implements Runnable {
        final Cudnn cudnn;
        final long plan;
        final long configuration;
        /// The addresses that the plan was last run with, as the library takes them; 0 before the first run. Kept, for
        /// most plans are run with the same ones again and again.
        long variantPack;

        Made(Cudnn cudnn, long plan, long configuration) {
            this.cudnn = cudnn;
            this.plan = plan;
            this.configuration = configuration;
        }

        @Override
        public void run() {
            cudnn.later(() -> {
                CudnnCalls calls = cudnn.calls();
                for (long descriptor : new long[] {variantPack, plan, configuration}) {
                    if (descriptor != 0) {
                        calls.check("cudnnBackendDestroyDescriptor", calls.destroyDescriptor(descriptor));
                    }
                }
            });
        }
    }

    private CudnnPlan(Cudnn cudnn, Made made, CudnnGraph graph, long engineBytes) {
        this.cudnn = cudnn;
        this.made = made;
        this.scratchBytes = graph.scratchBytes();
        this.workspaceBytes = scratchBytes + engineBytes;
        this.inScratch = graph.scratch();
        List<Long> all = new ArrayList<>(graph.ids());
        this.operands = all.size();
        inScratch.forEach(p -> all.add(p.id()));
        Arena arena = Arena.ofAuto();
        List<CudnnGraph.Constant> constants = graph.constants();
        this.numbers = arena.allocate(JAVA_FLOAT, Math.max(1, constants.size()));
        int first = all.size();
        constants.forEach(c -> all.add(c.id()));
        this.ids = arena.allocateFrom(JAVA_LONG, all.stream().mapToLong(Long::longValue).toArray());
        this.addresses = arena.allocate(JAVA_LONG, all.size());
        for (int i = 0; i < constants.size(); i++) {
            numbers.setAtIndex(JAVA_FLOAT, i, constants.get(i).value());
            addresses.setAtIndex(JAVA_LONG, first + i, numbers.address() + i * JAVA_FLOAT.byteSize());
        }
        this.workspace = arena.allocate(JAVA_LONG);
        this.slot = arena.allocate(ADDRESS);
        CLEANER.register(this, made);
    }

    /// The plan for a graph of operations by the first engine that will do; empty if none does.
    ///
    /// @param unwanted the notes on engines that are not taken
    /// @param most the most scratch memory
    static Optional<CudnnPlan> choose(Cudnn cudnn, CudnnGraph graph, Set<Integer> unwanted, long most) {
        long whole = graph.finish(cudnn.handle());
        for (int mode : new int[] {CudnnCode.HEUR_MODE_A, CudnnCode.HEUR_MODE_FALLBACK}) {
            for (long configuration : configurations(graph.descriptors(), whole, mode)) {
                Optional<CudnnPlan> plan = plan(cudnn, graph, configuration, unwanted, most);
                if (plan.isPresent()) {
                    return plan;
                }
            }
        }
        return Optional.empty();
    }

    /// The engines that the heuristics name, the best first; none where they know none.
    private static List<Long> configurations(CudnnDescriptors d, long graph, int mode) {
        try {
            long heuristics = d.create(CudnnCode.BACKEND_ENGINEHEUR_DESCRIPTOR);
            d.descriptor(heuristics, CudnnCode.ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
            d.choice(heuristics, CudnnCode.ATTR_ENGINEHEUR_MODE, CudnnCode.TYPE_HEUR_MODE, mode);
            d.finish(heuristics, "heuristics");
            return d.given(heuristics, CudnnCode.ATTR_ENGINEHEUR_RESULTS, CudnnCode.BACKEND_ENGINECFG_DESCRIPTOR, -1);
        } catch (DriverException e) {
            LOG.log(Level.DEBUG, "cuDNN's heuristics name no engine", e);
            return List.of();
        }
    }

    private static Optional<CudnnPlan> plan(Cudnn cudnn, CudnnGraph graph, long configuration, Set<Integer> unwanted,
            long most) {
        CudnnDescriptors d = graph.descriptors();
        try {
            List<Long> engine = d.given(configuration, CudnnCode.ATTR_ENGINECFG_ENGINE,
                    CudnnCode.BACKEND_ENGINE_DESCRIPTOR, 1);
            if (engine.isEmpty() || !Collections.disjoint(unwanted, d.choices(engine.getFirst(),
                    CudnnCode.ATTR_ENGINE_NUMERICAL_NOTE, CudnnCode.TYPE_NUMERICAL_NOTE,
                    CudnnCode.NUMERICAL_NOTE_TYPE_COUNT))) {
                return Optional.empty();
            }
            long plan = d.create(CudnnCode.BACKEND_EXECUTION_PLAN_DESCRIPTOR);
            d.longs(plan, CudnnCode.ATTR_EXECUTION_PLAN_HANDLE, CudnnCode.TYPE_HANDLE, List.of(cudnn.handle()));
            d.descriptor(plan, CudnnCode.ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
            d.finish(plan, "an execution plan");
            long bytes = d.integer(plan, CudnnCode.ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
            return graph.scratchBytes() + bytes > most ? Optional.empty() : Optional.of(new CudnnPlan(cudnn,
                    new Made(cudnn, d.keep(plan), d.keep(configuration)), graph, bytes));
        } catch (DriverException e) {
            // That an engine does not do in the end what the heuristics promised is nothing unusual.
            LOG.log(Level.DEBUG, "an engine of cuDNN is passed over", e);
            return Optional.empty();
        }
    }

    @Override
    public long workspaceBytes() {
        return workspaceBytes;
    }

    @Override
    public synchronized void run(long stream, long[] now, long scratch) {
        if (now.length != operands) {
            throw new IllegalArgumentException(now.length + " addresses for " + operands + " tensors");
        }
        try {
            long engine = workspaceBytes == scratchBytes ? 0 : scratch + scratchBytes;
            boolean same = made.variantPack != 0 && workspace.get(JAVA_LONG, 0) == engine;
            for (int i = 0; i < operands; i++) {
                same &= put(i, now[i]);
            }
            for (int i = 0; i < inScratch.size(); i++) {
                same &= put(operands + i, scratch + inScratch.get(i).offset());
            }
            workspace.set(JAVA_LONG, 0, engine);
            if (!same) {
                pack();
            }
            cudnn.execute(stream, made.plan, made.variantPack);
        } finally {
            Reference.reachabilityFence(this);
            Reference.reachabilityFence(numbers);
        }
    }

    /// Whether the address is the same as before.
    private boolean put(int index, long address) {
        boolean same = addresses.getAtIndex(JAVA_LONG, index) == address;
        addresses.setAtIndex(JAVA_LONG, index, address);
        return same;
    }

    /// Puts the addresses into a variant pack.
    private void pack() {
        CudnnCalls calls = cudnn.calls();
        if (made.variantPack != 0) {
            long old = made.variantPack;
            made.variantPack = 0;
            calls.check("cudnnBackendDestroyDescriptor", calls.destroyDescriptor(old));
        }
        calls.check("cudnnBackendCreateDescriptor",
                calls.createDescriptor(CudnnCode.BACKEND_VARIANT_PACK_DESCRIPTOR, slot));
        long pack = slot.get(ADDRESS, 0).address();
        boolean done = false;
        try {
            set(pack, CudnnCode.ATTR_VARIANT_PACK_DATA_POINTERS, CudnnCode.TYPE_VOID_PTR, addresses);
            set(pack, CudnnCode.ATTR_VARIANT_PACK_UNIQUE_IDS, CudnnCode.TYPE_INT64, ids);
            set(pack, CudnnCode.ATTR_VARIANT_PACK_WORKSPACE, CudnnCode.TYPE_VOID_PTR, workspace);
            calls.check("cudnnBackendFinalize of a variant pack", calls.finish(pack));
            made.variantPack = pack;
            done = true;
        } finally {
            if (!done) {
                calls.destroyDescriptor(pack);
            }
        }
    }

    private void set(long pack, int name, int type, MemorySegment values) {
        CudnnCalls calls = cudnn.calls();
        calls.check("cudnnBackendSetAttribute " + name,
                calls.setAttribute(pack, name, type, values.byteSize() / 8, values));
    }
}
