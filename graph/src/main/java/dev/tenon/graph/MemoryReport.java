package dev.tenon.graph;

/// What a run of a graph takes.
///
/// @param plannedBytes the size of the block in which all intermediate values lie, each while it is needed
/// @param sumOfBytes the sizes of all intermediate values and scratch memory together
/// @param steps how many kernels and other steps a run has; views need none
public record MemoryReport(long plannedBytes, long sumOfBytes, int steps) {
    @Override
    public String toString() {
        return steps + " steps, " + plannedBytes + " bytes planned for intermediate values of " + sumOfBytes + " bytes";
    }
}
