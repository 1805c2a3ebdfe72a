package dev.tenon.cuda;

import dev.tenon.api.BackendException;
import dev.tenon.api.Device;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Event;
import dev.tenon.api.spi.ImmediateStream;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Replay;
import dev.tenon.api.spi.Stream;
import dev.tenon.tck.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A device that computes as the reference backend does and records kernels: what an engine does with recordings shows
/// in its results.
public final class RecordingBackend implements BackendProvider {
    static final AtomicInteger RECORDED = new AtomicInteger();
    static final AtomicInteger REPLAYED = new AtomicInteger();
    static final AtomicInteger CLOSED = new AtomicInteger();
    static final AtomicInteger LAUNCHED = new AtomicInteger();
    /// Whether recording fails.
    static volatile boolean refuses;

    /// A provider.
    public RecordingBackend() {}

    /// The device.
    static Device device() {
        return Device.of("recording:0");
    }

    @Override
    public String name() {
        return "recording";
    }

    @Override
    public int priority() {
        return -300;
    }

    @Override
    public Probe probe() {
        return Probe.of(List.of(new DeviceInfo(0, "cpu", "records kernels", 0)));
    }

    @Override
    public DeviceRuntime open(int index) {
        return new Runtime(new ReferenceBackend().open(0));
    }

    private record Place(DeviceMemory memory, long byteOffset) implements Operand {
        static Place of(Operand o) {
            return new Place(o.memory(), o.byteOffset());
        }
    }

    private record Call(Kernel kernel, List<Place> in, List<Place> out, @Nullable Place workspace) {}

    private record RecordingStream(List<Call> calls) implements Stream {
        @Override
        public Event record() {
            throw new BackendException("an event is recorded");
        }

        @Override
        public void waitFor(Event event) {
            throw new BackendException("an event is waited for in a recording");
        }

        @Override
        public void synchronize() {
            throw new BackendException("a recording is waited for");
        }
    }

    private static final class Runtime extends DelegatingRuntime {
        Runtime(DeviceRuntime to) {
            super(to);
        }

        @Override
        public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
            return super.prepare(op, in, out).map(Recordable::new);
        }

        @Override
        public Optional<Replay> record(Consumer<Stream> work) {
            if (refuses) {
                throw new BackendException("recording:0: refuses");
            }
            List<Call> prepared = new ArrayList<>();
            work.accept(new RecordingStream(prepared));
            List<Call> recorded = new ArrayList<>();
            work.accept(new RecordingStream(recorded));
            if (!prepared.equals(recorded)) {
                throw new BackendException("recording:0: the work differed");
            }
            RECORDED.incrementAndGet();
            return Optional.of(new Replay() {
                @Override
                public void run(Stream stream, List<Scalars> numbers) {
                    for (int i = 0; i < recorded.size(); i++) {
                        Call c = recorded.get(i);
                        c.kernel.run(ImmediateStream.INSTANCE, c.in, c.out, c.workspace, numbers.get(i));
                    }
                    REPLAYED.incrementAndGet();
                }

                @Override
                public void close() {
                    CLOSED.incrementAndGet();
                }
            });
        }
    }

    private record Recordable(Kernel kernel) implements Kernel {
        @Override
        public long workspaceBytes() {
            return kernel.workspaceBytes();
        }

        @Override
        public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
                @Nullable Operand workspace, Scalars scalars) {
            if (stream instanceof RecordingStream r) {
                r.calls.add(new Call(kernel, in.stream().map(Place::of).toList(),
                        out.stream().map(Place::of).toList(), workspace == null ? null : Place.of(workspace)));
            } else {
                LAUNCHED.incrementAndGet();
                kernel.run(stream, in, out, workspace, scalars);
            }
        }
    }
}
