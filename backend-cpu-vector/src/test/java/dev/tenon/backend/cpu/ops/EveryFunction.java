package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.UnaryFn;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// Every scalar function of floating-point numbers, applied to the same numbers. Run as a program it prints a number
/// for each that depends on every bit of the results.
final class EveryFunction {
    private static final int N = 517;

    private EveryFunction() {}

    /// One call for each function and dtype, by name.
    static Map<String, Supplier<Tensor>> calls() {
        Device cpu = Device.of("cpu");
        Map<String, Supplier<Tensor>> calls = new LinkedHashMap<>();
        for (DType d : List.of(DType.F32, DType.F64)) {
            Tensor unit = Tensors.uniform(Shape.of(N), -0.999, 0.999, d, cpu, new Generator(1));
            Tensor wide = Tensors.randn(Shape.of(N), d, cpu, new Generator(2)).mul(20);
            Tensor positive = Tensors.uniform(Shape.of(N), 0.01, 9, d, cpu, new Generator(3));
            calls.put("GELU " + d, () -> wide.gelu());
            for (UnaryFn fn : UnaryFn.values()) {
                if (fn != UnaryFn.NOT && fn != UnaryFn.BIT_NOT) {
                    for (Tensor x : List.of(unit, wide, positive)) {
                        Expr e = Exprs.unary(fn, Exprs.in(0, d));
                        MapOp op = MapOp.of(fn.name(), Lambda.of(e, e.kind().dtype()));
                        calls.put(fn + " " + d + " " + calls.size(), () -> apply(op, x));
                    }
                }
            }
            for (BinaryFn fn : BinaryFn.values()) {
                if (fn.ordinal() <= BinaryFn.GE.ordinal()) {
                    for (Tensor x : List.of(wide, positive)) {
                        Expr e = Exprs.binary(fn, Exprs.in(0, d), Exprs.in(1, d));
                        MapOp op = MapOp.of(fn.name(), Lambda.of(e, e.kind().dtype()));
                        calls.put(fn + " " + d + " " + calls.size(), () -> apply(op, x, unit));
                    }
                }
            }
        }
        return calls;
    }

    private static Tensor apply(MapOp op, Tensor... in) {
        return Dispatcher.apply(op, List.of(in)).getFirst();
    }

    static int hash(Tensor t) {
        return Arrays.hashCode(t.toDoubleArray());
    }

    /// Prints a line for each function.
    public static void main(String[] args) {
        calls().forEach((name, call) -> System.out.println(name + " = " + hash(call.get())));
    }
}
