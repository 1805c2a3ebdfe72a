package dev.tenon.benchmarks;

import java.util.Optional;

/// One of the programs that are held against each other.
interface Side {
    /// What runs here, with version and the settings that matter, in one line.
    String describe();

    /// Makes the operands of a case, or nothing where this side has no such thing.
    Optional<Work> prepare(BenchCase c);

    /// What the processor, or the device of this side, can do.
    default Machine machine() {
        return MachineProbe.measure();
    }
}
