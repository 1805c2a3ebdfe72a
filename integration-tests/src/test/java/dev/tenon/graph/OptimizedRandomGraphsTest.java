package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.pass.BatchNormFolding;
import dev.tenon.graph.pass.Optimizer;
import dev.tenon.graph.pass.Pass;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Convs;
import dev.tenon.nn.functional.Norms;
import dev.tenon.tck.samples.Family;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Random programs give the same under every subset of the passes, to the bit where no batch normalisation is folded
/// into weights: that alone changes the arithmetic. Program `i` is made from seed `i`, and is run under
/// all passes, under one alone, with one left out, and under some of the other subsets, so that over all programs every
/// subset occurs.
class OptimizedRandomGraphsTest {
    private static final int PROGRAMS = 256;

    private final List<Pass> passes = Optimizer.allPasses();
    private final Agreement agreement = new Agreement();

    @Test
    void everySubsetOfThePassesLeavesResultsAsTheyWere() {
        int subsets = 1 << passes.size();
        long changed = 0;
        for (int i = 0; i < PROGRAMS; i++) {
            try (Scope _ = Scope.open()) {
                changed += check(i, subsets);
            }
        }
        System.out.println("random graphs: " + agreement.same + " equal to the bit, " + agreement.near
                + " within tolerance, " + changed + " of " + PROGRAMS + " changed by the passes");
        assertTrue(changed > PROGRAMS / 2, "the programs give the passes something to do");
    }

    private int check(int seed, int subsets) {
        Generator numbers = new Generator(seed);
        Device device = Device.getDefault();
        List<Tensor> in = List.of(Tensors.randn(Shape.of(6, 5), DType.F32, device, numbers),
                Tensors.randn(Shape.of(5), DType.F32, device, numbers),
                Tensors.randn(Shape.of(2, 3, 6, 5), DType.F32, device, numbers));
        boolean training = seed % 3 == 0;
        List<Tensor> parameters = new Parameters(numbers).all();
        Graph g = Graphs.capture(x -> new Program(new Random(seed), parameters, training).run(x), in);
        List<Tensor> expected = run(g, in, parameters);
        int all = subsets - 1;
        int one = 1 << seed % passes.size();
        compare(seed, one, g, in, expected, parameters);
        compare(seed, all & ~one, g, in, expected, parameters);
        int share = (subsets + PROGRAMS - 1) / PROGRAMS;
        for (int k = 0; k < share; k++) {
            compare(seed, (seed * share + k) % subsets, g, in, expected, parameters);
        }
        return compare(seed, all, g, in, expected, parameters) < g.nodes().size() ? 1 : 0;
    }

    private int compare(int seed, int subset, Graph g, List<Tensor> in, List<Tensor> expected,
            List<Tensor> parameters) {
        List<Pass> some = new ArrayList<>();
        for (int p = 0; p < passes.size(); p++) {
            if ((subset >> p & 1) != 0) {
                some.add(passes.get(p));
            }
        }
        Graph better = Optimizer.of(some).apply(g);
        List<Tensor> got = run(better, in, parameters);
        String what = "program " + seed + " under " + some;
        boolean sameArithmetic = some.stream().noneMatch(BatchNormFolding.class::isInstance);
        agreement.check(what, expected, got, sameArithmetic ? Family.EXACT : Family.FORMULA, 256);
        return better.nodes().size();
    }

    /// The results, the gradients and the drawn numbers' place, from the same state each time.
    private static List<Tensor> run(Graph g, List<Tensor> in, List<Tensor> parameters) {
        List<Tensor> before = parameters.stream().map(t -> t.detach().clone()).toList();
        Tensors.manualSeed(7);
        List<Tensor> out = new ArrayList<>(g.run(in));
        long drawn = Generator.getDefault().position();
        out.add(Tensors.scalar(drawn));
        for (int i = 0; i < parameters.size(); i++) {
            Tensor p = parameters.get(i);
            out.add(p.detach().clone());
            Tensor grad = p.grad();
            if (grad != null) {
                out.add(grad.clone());
                p.gradState().setGrad(null);
            }
            try (Context.Mode _ = Context.noGrad()) {
                p.copy_(before.get(i));
            }
        }
        return out;
    }

    private record Parameters(Generator numbers) {
        List<Tensor> all() {
            Device d = Device.getDefault();
            return List.of(Tensors.randn(Shape.of(5, 5), DType.F32, d, numbers).requiresGrad(true),
                    Tensors.randn(Shape.of(5), DType.F32, d, numbers).requiresGrad(true),
                    Tensors.randn(Shape.of(3, 3, 3, 3), DType.F32, d, numbers).requiresGrad(true),
                    Tensors.rand(Shape.of(3), DType.F32, d, numbers), Tensors.zeros(5));
        }
    }

    /// A program of random steps over matrices `[6, 5]` and images `[2, 3, 6, 5]`.
    private static final class Program {
        private final Random random;
        private final List<Tensor> parameters;
        private final boolean training;
        private final List<Tensor> matrices = new ArrayList<>();
        private final List<Tensor> images = new ArrayList<>();

        Program(Random random, List<Tensor> parameters, boolean training) {
            this.random = random;
            this.parameters = parameters;
            this.training = training;
        }

        private Tensor pick(List<Tensor> from) {
            return from.get(random.nextInt(from.size()));
        }

        List<Tensor> run(List<Tensor> in) {
            matrices.add(in.get(0));
            matrices.add(in.get(1).expand(6, 5));
            images.add(in.get(2));
            int steps = 4 + random.nextInt(16);
            for (int i = 0; i < steps; i++) {
                if (random.nextInt(4) == 0) {
                    images.add(image());
                } else {
                    matrices.add(matrix());
                }
            }
            Tensor a = pick(matrices);
            Tensor b = matrices.getLast();
            Tensor c = images.getLast();
            if (training) {
                a.tanh().mean().add(b.tanh().mean()).add(c.tanh().mean()).add(parameters.get(1).sum()).backward();
            }
            return List.of(a.detach(), b.detach(), c.detach());
        }

        private Tensor matrix() {
            Tensor x = pick(matrices);
            Tensor y = pick(matrices);
            return switch (random.nextInt(20)) {
                case 0 -> x.add(y);
                case 1 -> x.mul(y).clamp(-8, 8);
                case 2 -> x.sub(y.mean(0));
                case 3 -> x.relu();
                case 4 -> x.tanh().mul(x);
                case 5 -> x.abs().neg().exp();
                case 6 -> x.matmul(parameters.get(0)).mul(0.4);
                case 7 -> x.matmul(parameters.get(0)).add(parameters.get(1)).sigmoid();
                case 8 -> x.t().contiguous().t().add(1);
                case 9 -> x.t().relu().t();
                case 10 -> x.reshape(3, 10).sigmoid().reshape(6, 5);
                case 11 -> x.to(DType.F64).to(DType.F32).to(DType.F64).mul(2).to(DType.F32);
                case 12 -> x.softmax(1);
                case 13 -> x.sub(x.mean(1, true)).square().add(x.sum(0, true).tanh());
                case 14 -> x.mul(Tensors.rand(6, 5).gt(0.3).to(DType.F32));
                case 15 -> x.where(x.gt(y), y.mul(Tensors.scalar(3f))).clamp(-8, 8);
                case 16 -> x.clone().add(x.add(0).add(Tensors.of(1f, 2f, 3f, 4f, 5f).mul(2)));
                case 17 -> Tensors.cat(0, x.narrow(0, 0, 3), y.narrow(0, 3, 3));
                case 18 -> changedInPlace(x, y);
                default -> x.mul(Tensors.arange(5).to(DType.F32)).mul(0.2).add(Tensors.ones(6, 5));
            };
        }

        private Tensor changedInPlace(Tensor x, Tensor y) {
            try (Context.Mode _ = Context.noGrad()) {
                Tensor z = x.detach().clone();
                z.select(0, 1).add_(y.detach().select(0, 2));
                parameters.get(4).add_(z.mean(0));
                return z.add(parameters.get(4).tanh());
            }
        }

        private Tensor image() {
            Tensor x = pick(images);
            Tensor scale = parameters.get(3);
            return switch (random.nextInt(5)) {
                case 0 -> Convs.conv2d(x, parameters.get(2), null, new ConvOptions().padding(1)).mul(0.2).relu();
                case 1 -> Norms.batchNormInference(
                        Convs.conv2d(x, parameters.get(2), scale, new ConvOptions().padding(1)), scale, scale, scale,
                        null, 1e-3).tanh();
                case 2 -> Norms.batchNormTraining(x, null, null, scale, null, 0.1, 1e-3);
                case 3 -> Convs.conv2d(x, parameters.get(2), scale, new ConvOptions().padding(1)).mul(0.2)
                        .add(pick(images)).relu();
                default -> x.mul(scale.reshape(3, 1, 1)).add(pick(images));
            };
        }
    }
}
