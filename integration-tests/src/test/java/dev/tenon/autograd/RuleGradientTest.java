package dev.tenon.autograd;

import static dev.tenon.autograd.Samples.assertGrad;
import static dev.tenon.autograd.Samples.check;
import static dev.tenon.autograd.Samples.indices;
import static dev.tenon.autograd.Samples.leaf;
import static dev.tenon.autograd.Samples.of;
import static dev.tenon.autograd.Samples.random;
import static dev.tenon.autograd.Samples.uniform;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Index;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.ScatterOp.Mode;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.WindowGeometry;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// Every rule against finite differences, in first and second order.
class RuleGradientTest {
    private static void each(Tensor x, List<UnaryOperator<Tensor>> all) {
        for (UnaryOperator<Tensor> f : all) {
            check(in -> f.apply(in.getFirst()), x);
        }
    }

    @Test
    void reductions() {
        each(random(1, 2, 3, 2), List.of(
                Tensor::sum, t -> t.sum(1), t -> t.sum(new int[] {0, 2}, true), Tensor::mean, t -> t.mean(-1),
                Tensor::prod, t -> t.prod(1, true), t -> t.prod(0, false), Tensor::max,
                t -> t.amin(new int[] {1}, false),
                t -> t.amax(new int[] {0, 2}, true), t -> t.max(1, false).values(), t -> t.var(), t -> t.std(),
                t -> t.norm(), t -> t.norm(3, new int[] {1}, false), t -> t.norm(1, new int[] {0}, true),
                t -> t.logsumexp(new int[] {1}, false)));
        check(in -> in.getFirst().prod(), Samples.scalar(3));
        check(in -> in.getFirst().max(), Samples.scalar(3));
    }

    @Test
    void productsWithZeros() {
        Tensor one = leaf(2, 0, 3);
        one.prod().backward();
        assertGrad(one, 0, 6, 0);
        Tensor two = leaf(0, 5, 0);
        two.prod().backward();
        assertGrad(two, 0, 0, 0);
        check(in -> in.getFirst().prod(0, false), of(2, 0, 3));
        check(in -> in.getFirst().cumprod(0), of(2, 0, 3, -1, 0, 4));
    }

    @Test
    void equalExtremesShareTheGradient() {
        Tensor x = of(Shape.of(2, 3), 5, 1, 5, 2, 2, 2).requiresGrad(true);
        x.amax(new int[] {1}, false).sum().backward();
        assertGrad(x, 0.5, 0, 0.5, 1.0 / 3, 1.0 / 3, 1.0 / 3);
        x.setGrad(null);
        x.max(1, false).values().sum().backward();
        assertGrad(x, 1, 0, 0, 1, 0, 0);
    }

    @Test
    void reductionsOfMappedValues() {
        Expr a = Exprs.in(0, DType.F64);
        Expr b = Exprs.in(1, DType.F64);
        Lambda prologue = Lambda.of(Exprs.mul(Exprs.unary(UnaryFn.SIN, a), b), DType.F64);
        for (Reducer r : List.of(Reducer.SUM, Reducer.PROD, Reducer.MAX, Reducer.MIN)) {
            ReduceOp op = new ReduceOp(r, List.of(1), false, prologue, Scalars.NONE);
            check(in -> Dispatcher.run(op, in.get(0), in.get(1)), random(1, 2, 3), random(2, 3));
            check(in -> Dispatcher.run(op, in.get(0), in.get(1)), random(3, 2, 1), random(4, 1, 3));
        }
    }

    @Test
    void matrixProducts() {
        check(in -> in.get(0).matmul(in.get(1)), random(1, 2, 3), random(2, 3, 2));
        check(in -> in.get(0).matmul(in.get(1)), random(1, 2, 2, 3), random(2, 2, 3, 2));
        check(in -> in.get(0).matmul(in.get(1)), random(1, 2, 1, 2, 3), random(2, 2, 3, 2));
        check(in -> in.get(0).matmul(in.get(1)), random(1, 2, 2, 3), random(2, 3, 2));
        check(in -> in.get(0).matmul(in.get(1)), random(1, 2, 3), random(2, 2, 3, 2));
        check(in -> in.get(0).matmul(in.get(1)), random(1, 3), random(2, 3, 2));
        check(in -> in.get(0).matmul(in.get(1)), random(1, 3), random(2, 3));
        check(in -> in.get(0).matmul(in.get(0).mT()), random(1, 2, 3));
    }

    @Test
    void matrixProductsWithAnEpilogue() {
        Expr product = Exprs.in(0, DType.F64);
        Expr sum = Exprs.add(product, Exprs.in(1, DType.F64));
        for (Expr e : List.of(Exprs.unary(UnaryFn.TANH, sum), Exprs.unary(UnaryFn.SIN, sum),
                Exprs.mul(product, Exprs.in(1, DType.F64)),
                Exprs.select(Exprs.binary(BinaryFn.LE, sum, Exprs.like(sum, 0)), Exprs.like(sum, 0), sum))) {
            MatMulOp op = new MatMulOp(Optional.of(Lambda.of(e, DType.F64)), Scalars.NONE);
            check(in -> Dispatcher.run(op, in.get(0), in.get(1), in.get(2)),
                    random(1, 2, 3), random(2, 3, 2), random(3, 2));
        }
    }

    @Test
    void views() {
        each(random(1, 2, 3, 4), List.of(
                t -> t.reshape(6, 4), t -> t.permute(2, 0, 1), t -> t.permute(2, 0, 1).reshape(-1),
                t -> t.narrow(1, 1, 2), t -> t.get(Index.all(), Index.range(0L, 3L, 2)), t -> t.flip(0, 2),
                t -> t.select(1, -1), t -> t.diagonal(1, 1, 2), t -> t.diagonal(-1, 2, 0), t -> t.unfold(2, 2, 1),
                t -> t.unfold(2, 2, 2), t -> Dispatcher.run(new ViewOp.Window(1, 2, 1, 2), t), t -> t.roll(1, 2),
                t -> t.repeat(2, 1, 1), t -> Tensors.pad(t, 1, 1, 2, -1, 1), t -> t.unbind(1).get(1),
                t -> t.clone().contiguous().to(DType.F32).to(DType.F64).mul(0).add(t)));
        check(in -> in.getFirst().expand(2, 3, 2), random(2, 3, 1));
        check(in -> in.getFirst().sliceScatter(in.get(1), 1, 0, 2, 2), random(1, 2, 3), random(2, 2, 2));
        check(in -> Tensors.cat(1, in), random(1, 2, 1), random(2, 2, 3));
        check(in -> Tensors.stack(1, in), random(1, 2), random(2, 2));
    }

    @Test
    void picking() {
        Tensor x = random(1, 3, 4);
        Tensor index = indices(Shape.of(2, 4), 0, 1, 2, 0, 0, 2, 2, 1);
        check(in -> in.getFirst().gather(0, index), x);
        check(in -> in.getFirst().indexSelect(1, indices(Shape.of(3), 3, 0, 3)), x);
        check(in -> in.getFirst().get(Index.of(indices(Shape.of(2), 2, 0)), Index.of(indices(Shape.of(2), 1, 1))), x);
        check(in -> in.getFirst().indexPut(in.get(1), true, Index.of(indices(Shape.of(2), 2, 2))), x, random(2, 2, 4));
        check(in -> in.getFirst().maskedSelect(in.getFirst().detach().gt(0)), x);
        check(in -> in.getFirst().maskedFill(in.getFirst().detach().gt(0), 7), x);
    }

    @Test
    void placing() {
        Tensor index = indices(Shape.of(2, 3), 0, 1, 3, 3, 1, 0);
        for (Mode mode : Mode.values()) {
            check(in -> in.get(0).scatter(0, index, in.get(1), mode), random(1, 4, 3), random(2, 2, 3));
            check(in -> in.get(0).scatter(0, index, in.get(1), mode), random(3, 4, 3), random(4, 3, 4));
        }
        Tensor same = indices(Shape.of(3), 1, 1, 1);
        for (Mode mode : List.of(Mode.SET, Mode.ADD, Mode.MAX, Mode.MIN, Mode.MUL)) {
            check(in -> in.get(0).scatter(0, same, in.get(1), mode), random(5, 2), random(6, 3));
        }
        Tensor zeros = leaf(2, 0, 3);
        of(1, 5).scatter(0, same, zeros, Mode.MUL).sum().backward();
        assertGrad(zeros, 0, 30, 0);
        Tensor source = leaf(4, 4, 1);
        Tensor base = leaf(9, 4);
        base.scatter(0, same, source, Mode.MAX).sum().backward();
        assertGrad(base, 1, 1.0 / 3);
        assertGrad(source, 1.0 / 3, 1.0 / 3, 0);
    }

    @Test
    void scansAndSorts() {
        each(random(1, 2, 5), List.of(t -> t.cumsum(1), t -> t.cumsum(0), t -> t.cumprod(1), t -> t.cumprod(0),
                t -> t.cummax(1).values(), t -> t.cummin(1).values(), t -> t.sort(1, true).values(),
                t -> t.topk(2, 1, false).values()));
    }

    @Test
    void softmax() {
        each(random(1, 2, 4), List.of(t -> t.softmax(1), t -> t.softmax(0), t -> t.logSoftmax(1)));
    }

    @Test
    void convolutions() {
        WindowGeometry plain = WindowGeometry.of(2, 1, 0, 1);
        WindowGeometry wide = new WindowGeometry(List.of(2, 1), List.of(1, 0), List.of(0, 1), List.of(1, 2));
        for (WindowGeometry g : List.of(plain, wide)) {
            Convolution c = new Convolution(g, 1);
            check(in -> Dispatcher.apply(c, in).getFirst(), random(1, 1, 2, 3, 4), random(2, 2, 2, 2, 2), random(3, 2));
        }
        Convolution grouped = new Convolution(WindowGeometry.of(1, 2, 1, 1), 2);
        check(in -> Dispatcher.apply(grouped, in).getFirst(), random(1, 2, 4, 5), random(2, 4, 2, 3));
    }

    @Test
    void pooling() {
        MaxPool max = new MaxPool(List.of(2, 2), WindowGeometry.of(2, 1, 1, 1), false);
        check(in -> Dispatcher.apply(max, in).getFirst(), random(1, 1, 2, 3, 3));
        AvgPool avg = new AvgPool(List.of(2, 2), WindowGeometry.of(2, 2, 1, 1), true, false, OptionalLong.empty());
        check(in -> Dispatcher.apply(avg, in).getFirst(), random(1, 1, 2, 3, 4));
        AvgPool padded = new AvgPool(List.of(3), WindowGeometry.of(1, 1, 1, 1), false, true, OptionalLong.empty());
        check(in -> Dispatcher.apply(padded, in).getFirst(), random(1, 2, 1, 5));
    }

    @Test
    void batchNorm() {
        BatchNorm norm = new BatchNorm(1e-3);
        check(in -> Dispatcher.apply(norm, in).getFirst(), random(1, 3, 2, 2), uniform(2, 0.5, 2, 2), random(3, 2));
        // The statistics lead back, too.
        for (int output : new int[] {1, 2}) {
            check(in -> Dispatcher.apply(norm, in).get(output),
                    random(1, 3, 2, 2), uniform(2, 0.5, 2, 2), random(3, 2));
        }
    }
}
