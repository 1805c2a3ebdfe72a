package dev.tenon.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Index;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.SortOp;
import dev.tenon.tck.samples.Domain;
import dev.tenon.tck.samples.Family;
import dev.tenon.tck.samples.Input;
import dev.tenon.tck.samples.Layout;
import dev.tenon.tck.samples.Values;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// Changes in place: the same values as the op without it, whatever the layout and however operands and results
/// overlap.
final class InPlaceChecks {
    private static final DType[] DTYPES = {DType.F32, DType.F64, DType.F16, DType.I64, DType.I32, DType.U8};
    private static final Shape SQUARE = Shape.of(9, 9);

    private final Device device;
    private final SupportMatrix matrix;
    private final List<Case> cases = new ArrayList<>();

    InPlaceChecks(Device device, SupportMatrix matrix) {
        this.device = device;
        this.matrix = matrix;
    }

    List<Case> cases() {
        for (DType d : DTYPES) {
            if (matrix.limitation("*", d).isEmpty()) {
                layouts(d);
                overlaps(d);
            }
        }
        cases.add(new Case("several results into operands", this::severalResults));
        cases.add(new Case("versions and identity", this::versions));
        cases.add(new Case("views see changes", this::views));
        cases.add(new Case("results of other families", this::otherFamilies));
        return cases;
    }

    /// What `change` leaves in a tensor is what `result` computes from a copy of it; outside a view nothing changes.
    private void same(String name, Input x, Consumer<Tensor> change, UnaryOperator<Tensor> result) {
        cases.add(new Case(name + " " + x, () -> {
            try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
                Tensor changed = x.on(device);
                Values expected = Values.of(result.apply(x.on(device).clone()));
                change.accept(changed);
                Values.of(changed).differenceFrom(expected, Family.EXACT, 0).ifPresent(d -> fail(name + ": " + d));
            }
        }));
    }

    private void layouts(DType d) {
        Input operand = new Input(d, SQUARE, Layout.CONTIGUOUS, Domain.USUAL, 5, List.of());
        for (Layout l : Layout.values()) {
            if (l == Layout.BROADCAST) {
                continue;
            }
            Input x = new Input(d, SQUARE, l, Domain.USUAL, 2, List.of());
            same("add_", x, t -> t.add_(operand.on(device)), t -> t.add(operand.on(device)));
            same("add_ a row", x, t -> t.add_(operand.on(device).get(1)), t -> t.add(operand.on(device).get(1)));
            same("mul_ by a transposed", x, t -> t.mul_(operand.on(device).t()), t -> t.mul(operand.on(device).t()));
            same("neg_", x, Tensor::neg_, Tensor::neg);
            same("fill_", x, t -> t.fill_(3), t -> Tensors.fullLike(t, 3));
            same("zero_", x, Tensor::zero_, t -> Tensors.zerosLike(t));
            same("copy_ of another dtype", x, t -> t.copy_(Tensors.full(SQUARE, 2, DType.F32, device)),
                    t -> Tensors.fullLike(t, 2));
            same("add_ to itself", x, t -> t.add_(t), t -> t.add(t));
            same("copy_ flipped", x, t -> t.copy_(t.flip(0)), t -> t.flip(0));
            same("copy_ transposed", x, t -> t.copy_(t.t()), Tensor::t);
            same("set", x, t -> t.set(7, Index.range(1L, null, 3), Index.at(2)),
                    t -> t.set(7, Index.range(1L, null, 3), Index.at(2)));
        }
        Input empty = Input.of(d, 0, 3);
        same("add_ of nothing", empty, t -> t.add_(t), t -> t);
    }

    private void overlaps(DType d) {
        Input line = Input.of(d, 1023).seed(3);
        same("shift up", line, t -> t.narrow(0, 1, 1022).copy_(t.narrow(0, 0, 1022)),
                t -> Tensors.cat(0, t.narrow(0, 0, 1), t.narrow(0, 0, 1022)));
        same("shift down", line, t -> t.narrow(0, 0, 1022).copy_(t.narrow(0, 1, 1022)),
                t -> Tensors.cat(0, t.narrow(0, 1, 1022), t.narrow(0, 1022, 1)));
        same("add shifted", line, t -> t.narrow(0, 1, 1022).add_(t.narrow(0, 0, 1022)),
                t -> Tensors.cat(0, t.narrow(0, 0, 1), t.narrow(0, 1, 1022).add(t.narrow(0, 0, 1022))));
        same("reverse", line, t -> t.copy_(t.flip(0)), t -> t.flip(0));
        same("add of every second to the first half", line,
                t -> t.narrow(0, 0, 511).add_(t.get(Index.range(1L, null, 2))),
                t -> Tensors.cat(0, t.narrow(0, 0, 511).add(t.get(Index.range(1L, null, 2))), t.narrow(0, 511, 512)));
        same("a row spread over all", new Input(d, SQUARE, Layout.CONTIGUOUS, Domain.USUAL, 2, List.of()),
                t -> t.copy_(t.get(4)), t -> t.get(4).expand(SQUARE).clone());
        same("add of a row of itself", new Input(d, SQUARE, Layout.CONTIGUOUS, Domain.USUAL, 2, List.of()),
                t -> t.add_(t.get(4)), t -> t.add(t.get(4)));
    }

    /// Like an optimiser's step: two tensors are read and replaced by one op.
    private void severalResults() {
        Expr x = Exprs.in(0, DType.F32);
        Expr m = Exprs.in(1, DType.F32);
        Expr momentum = Exprs.add(Exprs.mul(m, new Expr.Param(DType.Kind.F32, 0)), Exprs.in(2, DType.F32));
        Expr stepped = Exprs.sub(x, Exprs.mul(momentum, new Expr.Param(DType.Kind.F32, 1)));
        MapOp op = MapOp.of("step", Lambda.of(List.of(stepped, momentum), List.of(DType.F32, DType.F32)),
                Scalars.of(0.5, 0.25));
        for (Layout l : new Layout[] {Layout.CONTIGUOUS, Layout.TRANSPOSED, Layout.OFFSET}) {
            try (Scope _ = Scope.open()) {
                List<Input> recipes = List.of(Input.of(DType.F32, 33, 17).in(l), Input.of(DType.F32, 33, 17).seed(2),
                        Input.of(DType.F32, 33, 17).seed(3));
                List<Values> expected = SampleCheck.values(
                        Dispatcher.apply(op, recipes.stream().map(i -> i.on(device)).toList()));
                List<Tensor> in = recipes.stream().map(i -> i.on(device)).toList();
                Dispatcher.applyInto(op, in, in.subList(0, 2));
                for (int i = 0; i < 2; i++) {
                    Values.of(in.get(i)).differenceFrom(expected.get(i), Family.EXACT, 0)
                            .ifPresent(difference -> fail(l + ": " + difference));
                }
            }
        }
    }

    private void versions() {
        try (Scope _ = Scope.open()) {
            Tensor x = Tensors.zeros(Shape.of(4), DType.F32, device);
            Tensor part = x.narrow(0, 1, 2);
            int before = x.version();
            assertSame(x, x.add_(1.0));
            assertTrue(x.version() > before, "a change in place raises the version");
            assertEquals(x.version(), part.version(), "views share the version");
            int after = x.version();
            x.add(1.0);
            assertEquals(after, x.version(), "reading does not change the version");
            part.fill_(3);
            assertTrue(x.version() > after, "a change through a view is a change of the base");
            assertEquals(0, x.clone().version(), "a copy starts anew");
        }
    }

    private void views() {
        try (Scope _ = Scope.open()) {
            Tensor x = Tensors.zeros(Shape.of(3, 4), DType.F32, device);
            Tensor column = x.select(1, 2);
            Tensor flipped = x.flip(0);
            column.copy_(Tensors.of(new float[] {1, 2, 3}, Shape.of(3), device));
            assertEquals("[0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0, 0.0]",
                    Arrays.toString(x.toFloatArray()));
            assertEquals(3, flipped.get(0, 2).item());
            assertTrue(column.sharesMemoryWith(x));
            assertTrue(!x.clone().sharesMemoryWith(x));
        }
    }

    private void otherFamilies() {
        try (Scope _ = Scope.open()) {
            Tensor a = Input.of(DType.F32, 9, 9).on(device);
            Tensor b = Input.of(DType.F32, 9, 9).seed(2).on(device);
            Values product = Values.of(a.matmul(b));
            Dispatcher.applyInto(MatMulOp.PLAIN, List.of(a, b), List.of(a));
            Values.of(a).differenceFrom(product, Family.REDUCTION, 81).ifPresent(d -> fail("matmul: " + d));

            Tensor x = Input.of(DType.F32, 5, 7).on(device);
            Tensor positions = Tensors.zeros(Shape.of(5, 7), DType.I64, device);
            var sorted = x.sort(1, false);
            Dispatcher.applyInto(new SortOp(1, false), List.of(x), List.of(x, positions));
            Values.of(x).differenceFrom(Values.of(sorted.values()), Family.EXACT, 0).ifPresent(d -> fail("sort: " + d));
            Values.of(positions).differenceFrom(Values.of(sorted.indices()), Family.EXACT, 0)
                    .ifPresent(d -> fail("sort: " + d));

            Tensor t = Tensors.zeros(Shape.of(7, 5), DType.F64, device);
            Dispatcher.applyInto(CopyOp.to(DType.F64), List.of(x), List.of(t.t()));
            Values.of(t.t()).differenceFrom(Values.of(x.to(DType.F64)), Family.EXACT, 0)
                    .ifPresent(d -> fail("copy: " + d));

            Tensor y = Tensors.zeros(Shape.of(7), DType.BOOL, device);
            MapOp less = MapOp.of("lt", Lambda.of(
                    Exprs.binary(BinaryFn.LT, Exprs.in(0, DType.F32), Exprs.in(1, DType.F32)), DType.BOOL));
            Dispatcher.applyInto(less, List.of(x.get(0), x.get(1)), List.of(y));
            Values.of(y).differenceFrom(Values.of(x.get(0).lt(x.get(1))), Family.EXACT, 0)
                    .ifPresent(d -> fail("lt: " + d));
        }
    }
}
