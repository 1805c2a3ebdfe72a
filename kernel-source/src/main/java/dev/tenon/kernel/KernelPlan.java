package dev.tenon.kernel;

import java.util.List;

/// What it takes to compute an op: kernels, launched one after the other, and scratch memory.
///
/// @param kernels the kernels in order; none if there is nothing to compute
/// @param workspaceBytes the size of the scratch memory
public record KernelPlan(List<GeneratedKernel> kernels, long workspaceBytes) {
    /// Nothing to do.
    public static final KernelPlan NOTHING = new KernelPlan(List.of(), 0);

    /// Copies the kernels.
    public KernelPlan {
        kernels = List.copyOf(kernels);
    }

    static KernelPlan of(GeneratedKernel kernel) {
        return new KernelPlan(List.of(kernel), 0);
    }
}
