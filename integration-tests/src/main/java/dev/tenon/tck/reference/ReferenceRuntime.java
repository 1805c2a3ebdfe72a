package dev.tenon.tck.reference;

import dev.tenon.api.OutOfMemoryException;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.ImmediateStream;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// Host memory and one naive kernel for each family of primitives, without prologues, epilogues or several outputs: the
/// least that a backend must do.
final class ReferenceRuntime implements DeviceRuntime {

    private record HostMemory(Arena arena, MemorySegment segment) implements DeviceMemory {
        @Override
        public long bytes() {
            return segment.byteSize();
        }
    }

    @Override
    public DeviceMemory allocate(long bytes) {
        Arena arena = Arena.ofShared();
        try {
            return new HostMemory(arena, arena.allocate(bytes, alignment()));
        } catch (OutOfMemoryError e) {
            arena.close();
            throw new OutOfMemoryException("the system has no " + bytes + " bytes", e);
        }
    }

    @Override
    public void free(DeviceMemory memory) {
        ((HostMemory) memory).arena.close();
    }

    static MemorySegment segment(DeviceMemory memory) {
        return ((HostMemory) memory).segment;
    }

    @Override
    public Optional<MemorySegment> hostView(DeviceMemory memory) {
        return Optional.of(segment(memory));
    }

    @Override
    public void copyFromHost(MemorySegment host, DeviceMemory to, long toOffset, Stream stream) {
        MemorySegment.copy(host, 0, segment(to), toOffset, host.byteSize());
    }

    @Override
    public void copyToHost(DeviceMemory from, long fromOffset, MemorySegment host, Stream stream) {
        MemorySegment.copy(segment(from), fromOffset, host, 0, host.byteSize());
    }

    @Override
    public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes, Stream stream) {
        MemorySegment.copy(segment(from), fromOffset, segment(to), toOffset, bytes);
    }

    @Override
    public Stream defaultStream() {
        return ImmediateStream.INSTANCE;
    }

    @Override
    public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
        return switch (op) {
            case MapOp m when out.size() == 1 -> kernel(in, out, (x, y, scalars) -> Kernels.map(m, x, y, scalars));
            case ReduceOp r when r.prologue().isIdentity(in.getFirst().dtype()) ->
                kernel(in, out, (x, y, _) -> Kernels.reduce(r, x.getFirst(), y.getFirst()));
            case MatMulOp m when m.epilogue().isEmpty() ->
                kernel(in, out, (x, y, _) -> Kernels.matmul(x.get(0), x.get(1), y.getFirst()));
            case GatherOp g -> kernel(in, out, (x, y, _) -> Kernels.gather(g, x.get(0), x.get(1), y.getFirst()));
            case ScatterOp s -> kernel(in, out, (x, y, _) -> Kernels.scatter(s, x, y.getFirst()));
            case ScanOp s -> kernel(in, out, (x, y, _) -> Kernels.scan(s, x.getFirst(), y));
            case SortOp s -> kernel(in, out, (x, y, _) -> Kernels.sort(s, x.getFirst(), y.get(0), y.get(1)));
            case CopyOp _ -> kernel(in, out, (x, y, _) -> Kernels.copy(x.getFirst(), y.getFirst()));
            default -> Optional.empty();
        };
    }

    private interface Body {
        void run(List<Array> in, List<Array> out, Scalars scalars);
    }

    private static Optional<Kernel> kernel(List<TensorType> inTypes, List<TensorType> outTypes, Body body) {
        return Optional.of(
                (stream, in, out, workspace, scalars) ->
                        body.run(Array.all(inTypes, in), Array.all(outTypes, out), scalars));
    }
}
