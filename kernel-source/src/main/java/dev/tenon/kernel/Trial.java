package dev.tenon.kernel;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import java.util.ArrayList;
import java.util.List;

/// A kernel's operands, results and scratch memory, laid out in one block of memory for runs whose results nobody
/// wants: those that are timed.
///
/// @param inputs where the elements at the operands' beginnings lie, in bytes
/// @param outputs the same for the results
/// @param workspace where the scratch memory begins
/// @param inputBytes how much of the block's beginning is operands, to be filled in before a run
/// @param bytes the size of the block
public record Trial(List<Long> inputs, List<Long> outputs, long workspace, long inputBytes, long bytes) {
    private record Place(DeviceMemory memory, long byteOffset) implements Operand {}

    /// Copies the lists.
    public Trial {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /// The layout for operands of some types.
    ///
    /// @param workspaceBytes the size of the scratch memory
    /// @param alignment where operands begin: a power of two
    public static Trial of(List<TensorType> in, List<TensorType> out, long workspaceBytes, int alignment) {
        List<Long> inputs = new ArrayList<>();
        long inputBytes = place(in, 0, alignment, inputs);
        List<Long> outputs = new ArrayList<>();
        long workspace = place(out, inputBytes, alignment, outputs);
        return new Trial(inputs, outputs, workspace, inputBytes, workspace + workspaceBytes);
    }

    private static long place(List<TensorType> types, long from, int alignment, List<Long> places) {
        long at = from;
        for (TensorType t : types) {
            int bytes = t.dtype().bytes();
            places.add(at - t.minOffset() * bytes);
            at += (t.maxOffset() - t.minOffset() + 1) * bytes + alignment - 1 & -alignment;
        }
        return at;
    }

    /// Enqueues a run.
    ///
    /// @param memory of at least as many bytes
    /// @param scalars the run's numbers
    public void run(Kernel kernel, Stream stream, DeviceMemory memory, Scalars scalars) {
        kernel.run(stream, places(inputs, memory), places(outputs, memory), new Place(memory, workspace), scalars);
    }

    private static List<Place> places(List<Long> at, DeviceMemory memory) {
        return at.stream().map(o -> new Place(memory, o)).toList();
    }
}
