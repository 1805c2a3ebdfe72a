package dev.tenon.kernel;

import java.util.List;
import java.util.Optional;

/// What it takes to compute an op: kernels, launched one after the other, and scratch memory.
///
/// @param kernels the kernels in order; none if there is nothing to compute
/// @param workspaceBytes the size of the scratch memory
/// @param choice what other plans there are for the same op, if measuring them is worth it
public record KernelPlan(List<GeneratedKernel> kernels, long workspaceBytes, Optional<Choice> choice) {
    /// The ways in which a product can be cut.
    ///
    /// @param product what the choice depends on besides the device
    /// @param tiles the ways, the usual one first
    public record Choice(String product, List<MmaTile> tiles) {
        /// Copies the list.
        public Choice {
            tiles = List.copyOf(tiles);
        }
    }

    /// Nothing to do.
    public static final KernelPlan NOTHING = new KernelPlan(List.of(), 0);

    /// Copies the kernels.
    public KernelPlan {
        kernels = List.copyOf(kernels);
    }

    /// Without a choice.
    public KernelPlan(List<GeneratedKernel> kernels, long workspaceBytes) {
        this(kernels, workspaceBytes, Optional.empty());
    }

    static KernelPlan of(GeneratedKernel kernel) {
        return new KernelPlan(List.of(kernel), 0);
    }
}
