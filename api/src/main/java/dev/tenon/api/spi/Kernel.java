package dev.tenon.api.spi;

import dev.tenon.api.op.Scalars;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An op prepared for operands of certain types on a certain device. Stateless: several threads may run it at once.
public interface Kernel {
    /// How many bytes of scratch memory a run needs.
    default long workspaceBytes() {
        return 0;
    }

    /// Runs, or enqueues on the stream, the computation. An output may be the very same memory and layout as an
    /// input of
    /// an elementwise op; other overlaps do not occur.
    ///
    /// @param stream the stream on which to enqueue
    /// @param in the inputs
    /// @param out the outputs
    /// @param workspace scratch memory of at least [#workspaceBytes()] bytes, null if that is 0
    /// @param scalars the numbers for this run
    void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out, @Nullable Operand workspace,
            Scalars scalars);
}
