package dev.tenon.api.op;

import dev.tenon.api.Shape;
import dev.tenon.api.TensorException;
import java.util.ArrayList;
import java.util.List;

/// Every elementwise op: scalar expressions evaluated for each element of the shape to which the operands, and `shape`,
/// broadcast. With no operands it fills, counts or draws random numbers.
///
/// @param name the name in messages: the user's word, such as `add`; not part of the op's identity
/// @param body the expressions
/// @param shape a shape that takes part in broadcasting; the scalar shape where the operands alone decide
/// @param scalars the numbers for the expressions' parameters
public record MapOp(String name, Lambda body, Shape shape, Scalars scalars) implements Primitive {

    /// Checks that every parameter has a number.
    public MapOp {
        if (body.params() > scalars.size()) {
            throw new IllegalArgumentException(
                    name + ": " + body.params() + " parameters but " + scalars.size() + " numbers");
        }
    }

    /// A map without parameters whose operands decide the shape.
    public static MapOp of(String name, Lambda body) {
        return new MapOp(name, body, Shape.SCALAR, Scalars.NONE);
    }

    /// A map with parameters whose operands decide the shape.
    public static MapOp of(String name, Lambda body, Scalars scalars) {
        return new MapOp(name, body, Shape.SCALAR, scalars);
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        if (in.size() < body.operands()) {
            throw new TensorException(name + ": needs " + body.operands() + " operands, has " + in.size());
        }
        Shape s = shape;
        for (TensorType t : in) {
            s = Shape.broadcast(name, s, t.shape());
        }
        List<TensorType> out = new ArrayList<>(body.dtypes().size());
        for (var d : body.dtypes()) {
            out.add(TensorType.of(d, s));
        }
        return out;
    }

    @Override
    public MapOp withScalars(Scalars numbers) {
        return new MapOp(name, body, shape, numbers);
    }

    @Override
    public Op kernelKey() {
        return scalars.size() == 0 ? this : new MapOp(name, body, shape, Scalars.zeros(body.params()));
    }

    @Override
    public boolean equals(Object o) {
        return this == o
                || o instanceof MapOp m && body.equals(m.body) && shape.equals(m.shape) && scalars.equals(m.scalars);
    }

    @Override
    public int hashCode() {
        return (body.hashCode() * 31 + shape.hashCode()) * 31 + scalars.hashCode();
    }

    @Override
    public String toString() {
        return name + "{" + body + "}";
    }
}
