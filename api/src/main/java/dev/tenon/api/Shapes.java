package dev.tenon.api;

import java.util.Arrays;

/// Shape arithmetic that several operations share.
final class Shapes {
    private Shapes() {}

    /// The shape with its extent of -1, if there is one, replaced by what the number of elements asks for.
    static Shape infer(String op, Shape from, long[] dims) {
        int unknown = -1;
        long known = 1;
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] == -1 && unknown < 0) {
                unknown = i;
            } else if (dims[i] < 0) {
                throw new TensorException(op + ": " + Arrays.toString(dims)
                        + ": one extent may be -1, others not negative");
            } else {
                known *= dims[i];
            }
        }
        if (unknown < 0) {
            Shape to = Shape.of(dims);
            if (to.elements() != from.elements()) {
                throw new TensorException(op + ": " + from + " has " + from.elements() + " elements, " + to + " has "
                        + to.elements());
            }
            return to;
        }
        if (known == 0 || from.elements() % known != 0) {
            throw new TensorException(op + ": the " + from.elements() + " elements of " + from + " do not fill "
                    + Arrays.toString(dims) + " whatever -1 stands for");
        }
        long[] d = dims.clone();
        d[unknown] = from.elements() / known;
        return Shape.of(d);
    }
}
