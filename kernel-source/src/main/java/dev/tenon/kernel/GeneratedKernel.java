package dev.tenon.kernel;

import java.util.List;

/// A kernel as text, and how to launch it on the operands for which it was generated. Kernels for other shapes often
/// have the very same text: extents and strides are arguments, so programs are worth keeping by their text.
///
/// @param source the program, with the dialect's prelude
/// @param entry the name of the kernel function
/// @param args its arguments
/// @param groups how many groups to launch
/// @param local work items in a group
public record GeneratedKernel(String source, String entry, List<Arg> args, long groups, int local) {
    /// Copies the arguments.
    public GeneratedKernel {
        args = List.copyOf(args);
    }

    /// The same kernel with its only result in place of another number.
    GeneratedKernel withOutput(int index) {
        List<Arg> moved = args.stream()
                .map(a -> a instanceof Arg.Output(int _, int bytes) ? (Arg) new Arg.Output(index, bytes) : a)
                .toList();
        return new GeneratedKernel(source, entry, moved, groups, local);
    }
}
