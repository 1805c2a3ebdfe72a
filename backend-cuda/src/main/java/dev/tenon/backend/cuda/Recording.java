package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tenon.api.BackendException;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.Replay;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cuda.Driver.Handle;
import dev.tenon.kernel.Arg;
import dev.tenon.kernel.CudaDialect;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Launches recorded as a CUDA graph.
///
/// The work to be recorded is run twice: the first time (`PREPARING`) only loads what it needs and counts its numbers,
/// for while something is being recorded (`RECORDING`) nothing may be allocated or loaded. Recorded kernels read the
/// run's numbers from a table in device memory; before each replay those that changed are written there by a kernel
/// that carries them among its arguments, so no host memory must live on until they have arrived.
final class Recording implements Replay {
    /// How many numbers one launch carries: 2 KiB of the 4 KiB that arguments may take.
    static final int CARRIED = 256;

    /// What goes on.
    enum State { PREPARING, RECORDING, READY, CLOSED }

    /// The numbers of one run of a kernel: where they begin in the table.
    private record Call(int first, List<Arg.Param> params) {}

    private final CudaRuntime runtime;
    private final CudaContext context;
    private final List<Call> calls = new ArrayList<>();
    private State state = State.PREPARING;
    private int prepared;
    private int next;
    private int count;
    private long[] numbers = {};
    private long table;
    private @Nullable Handle graph;
    private Modules.@Nullable Loaded module;
    private @Nullable Handle put;
    private final MemorySegment arguments;
    private final MemorySegment addresses;

    private Recording(CudaRuntime runtime, CudaContext context) {
        this.runtime = runtime;
        this.context = context;
        Arena arena = Arena.ofAuto();
        this.arguments = arena.allocate(8L * (CARRIED + 2), 8);
        this.addresses = arena.allocate(ADDRESS.byteSize() * 3, 8);
        addresses.setAtIndex(ADDRESS, 0, arguments);
        addresses.setAtIndex(ADDRESS, 1, arguments.asSlice(16));
        addresses.setAtIndex(ADDRESS, 2, arguments.asSlice(8));
    }

    /// Records what the work enqueues on the stream that it is given.
    ///
    /// @param handle a stream on which nothing else happens meanwhile
    /// @throws BackendException if the work does what cannot be recorded
    static Recording of(CudaRuntime runtime, CudaContext context, Modules modules, Handle handle,
            Consumer<Stream> work) {
        Recording r = new Recording(runtime, context);
        CudaStream stream = new CudaStream(context, handle, r);
        boolean done = false;
        try {
            work.accept(stream);
            r.allocate(modules);
            r.record(stream, work);
            done = true;
        } finally {
            if (!done) {
                r.close();
            }
        }
        return r;
    }

    private void allocate(Modules modules) {
        if (count > 0) {
            numbers = new long[count];
            table = runtime.allocate(8L * count).address();
            Modules.Loaded m = modules.load(CudaDialect.putNumbers(CARRIED), "put_numbers");
            module = m;
            put = m.function("put_numbers", "put_numbers");
        }
    }

    private void record(CudaStream stream, Consumer<Stream> work) {
        Driver driver = context.driver();
        context.run(() -> "beginning a recording", () -> driver.beginCapture(stream.handle()));
        state = State.RECORDING;
        boolean done = false;
        try {
            work.accept(stream);
            if (next != prepared) {
                throw new BackendException(context.device() + ": a recording ran " + next + " kernels, and " + prepared
                        + " when it was prepared: the same work must run both times");
            }
            done = true;
        } finally {
            if (!done) {
                state = State.CLOSED;
                driver.abandonCapture(stream.handle());
            }
        }
        graph = context.get(() -> "ending a recording", () -> driver.endCapture(stream.handle()));
        state = State.READY;
        putNumbers(0, numbers.length, runtime.defaultStream());
    }

    State state() {
        return state;
    }

    boolean isPreparing() {
        return state == State.PREPARING;
    }

    /// Notes a kernel that will be run.
    void prepare(List<Arg.Param> params) {
        calls.add(new Call(count, List.copyOf(params)));
        count += params.size();
        prepared++;
    }

    /// Where in device memory the numbers of the kernel that is being recorded will lie.
    long next(List<Arg.Param> params, Scalars scalars) {
        if (state != State.RECORDING) {
            throw new BackendException(context.device() + ": a kernel is run on a stream whose recording has ended");
        }
        if (next >= calls.size() || !calls.get(next).params.equals(params)) {
            throw new BackendException(context.device() + ": a recording runs other kernels than when it was prepared");
        }
        Call c = calls.get(next++);
        for (int i = 0; i < c.params.size(); i++) {
            numbers[c.first + i] = CudaKernel.bits(scalars, c.params.get(i));
        }
        return table + 8L * c.first;
    }

    @Override
    public synchronized void run(Stream stream, List<Scalars> scalars) {
        Handle g = graph;
        if (state != State.READY || g == null) {
            throw new BackendException(context.device() + ": a recording that is " + state + " cannot be replayed");
        }
        if (scalars.size() != calls.size()) {
            throw new IllegalArgumentException("numbers for " + scalars.size() + " runs of kernels, the recording has "
                    + calls.size());
        }
        long[] before = numbers.clone();
        for (int k = 0; k < calls.size(); k++) {
            Call c = calls.get(k);
            for (int i = 0; i < c.params.size(); i++) {
                numbers[c.first + i] = CudaKernel.bits(scalars.get(k), c.params.get(i));
            }
        }
        for (int from = 0; from < numbers.length; from += CARRIED) {
            int to = Math.min(from + CARRIED, numbers.length);
            if (!Arrays.equals(before, from, to, numbers, from, to)) {
                putNumbers(from, to, stream);
            }
        }
        context.launch("a recorded graph", CudaStream.of(stream),
                () -> context.driver().launchGraph(g, CudaStream.of(stream).handle()));
    }

    /// Writes a part of the table, in the stream's order.
    private void putNumbers(int start, int end, Stream stream) {
        Handle function = put;
        for (int from = start; from < end && function != null; from += CARRIED) {
            int n = Math.min(CARRIED, end - from);
            arguments.set(JAVA_LONG, 0, table + 8L * from);
            arguments.set(JAVA_LONG, 8, n);
            for (int i = 0; i < n; i++) {
                arguments.setAtIndex(JAVA_LONG, 2 + i, numbers[from + i]);
            }
            CudaStream s = CudaStream.of(stream);
            context.launch("put_numbers", s, () -> context.driver()
                    .launch(function, 1, CARRIED, s.handle(), addresses.address()));
        }
    }

    @Override
    public synchronized void close() {
        Handle g = graph;
        graph = null;
        state = State.CLOSED;
        if (g != null) {
            context.run(() -> "freeing a recording", () -> context.driver().destroyGraph(g));
        }
        if (table != 0) {
            runtime.free(new CudaMemory(table, 8L * count));
            table = 0;
        }
        module = null;
    }
}
