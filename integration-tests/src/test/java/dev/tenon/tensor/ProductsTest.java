package dev.tenon.tensor;

import static dev.tenon.tensor.Doubles.check;
import static dev.tenon.tensor.Doubles.fails;
import static dev.tenon.tensor.Doubles.integers;
import static dev.tenon.tensor.Doubles.longs;
import static dev.tenon.tensor.Doubles.near;
import static dev.tenon.tensor.Doubles.of;
import static dev.tenon.tensor.Doubles.ramp;
import static dev.tenon.tensor.Doubles.random;
import static dev.tenon.tensor.Doubles.same;
import static dev.tenon.tensor.Doubles.values;
import static dev.tenon.tensor.Doubles.vector;

import dev.tenon.api.ProductOps;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Products of vectors and matrices, each against sums over all indices.
class ProductsTest {
    /// The sum over all letters that are not in the result, by counting through every letter's extent.
    private static Tensor loops(String equation, List<Tensor> in) {
        String[] sides = equation.split("->", -1);
        String[] terms = sides[0].split(",");
        Map<Character, Long> extent = new HashMap<>();
        Set<Character> letters = new LinkedHashSet<>();
        for (char c : sides[1].toCharArray()) {
            letters.add(c);
        }
        for (int i = 0; i < terms.length; i++) {
            for (int k = 0; k < terms[i].length(); k++) {
                letters.add(terms[i].charAt(k));
                extent.put(terms[i].charAt(k), in.get(i).size(k));
            }
        }
        List<Character> order = new ArrayList<>(letters);
        long all = order.stream().mapToLong(extent::get).reduce(1, (a, b) -> a * b);
        Shape result = Shape.of(sides[1].chars().mapToLong(c -> extent.get((char) c)).toArray());
        double[] sum = new double[(int) result.elements()];
        double[][] v = in.stream().map(Tensor::toDoubleArray).toArray(double[][]::new);
        for (long p = 0; p < all; p++) {
            Map<Character, Long> at = new HashMap<>();
            long rest = p;
            for (int k = order.size() - 1; k >= 0; k--) {
                at.put(order.get(k), rest % extent.get(order.get(k)));
                rest /= extent.get(order.get(k));
            }
            double product = 1;
            for (int i = 0; i < terms.length; i++) {
                product *= v[i][place(terms[i], at, extent)];
            }
            sum[place(sides[1], at, extent)] += product;
        }
        return of(result, sum);
    }

    private static int place(String term, Map<Character, Long> at, Map<Character, Long> extent) {
        long p = 0;
        for (char c : term.toCharArray()) {
            p = p * extent.get(c) + at.get(c);
        }
        return (int) p;
    }

    private static DynamicTest product(String name, String equation, Function<List<Tensor>, Tensor> op, Shape... in) {
        return DynamicTest.dynamicTest(name + " " + equation, () -> {
            Tensor[] x = new Tensor[in.length];
            for (int i = 0; i < x.length; i++) {
                x[i] = random(20 + i, in[i].toArray());
            }
            same(loops(equation, List.of(x)), op.apply(List.of(x)));
            check(op, x);
        });
    }

    private static DynamicTest einsum(String equation, Shape... in) {
        return product("einsum", equation, x -> Tensors.einsum(equation, x.toArray(Tensor[]::new)), in);
    }

    @TestFactory
    Stream<DynamicTest> products() {
        Shape m = Shape.of(2, 3);
        Shape n = Shape.of(3, 4);
        return Stream.of(
                einsum("ij,jk->ik", m, n), einsum("ij->ji", m), einsum("ij->", m), einsum("ii->i", Shape.of(3, 3)),
                einsum("bij,bjk->bik", Shape.of(2, 2, 3), Shape.of(2, 3, 2)), einsum("i,j->ij", Shape.of(2),
                        Shape.of(3)),
                einsum("ij,jk,k->i", m, n, Shape.of(4)), einsum("ij,ij->i", m, m), einsum("ijk,ilk->jl",
                        Shape.of(2, 3, 2), Shape.of(2, 2, 2)),
                product("inner", "ik,jk->ij", x -> x.get(0).inner(x.get(1)), m, Shape.of(4, 3)),
                product("tensordot", "ijk,jkl->il", x -> x.get(0).tensordot(x.get(1), 2), Shape.of(2, 3, 2),
                        Shape.of(3, 2, 2)),
                product("tensordot", "ijk,lj->ikl", x -> x.get(0).tensordot(x.get(1), new int[] {1}, new int[] {-1}),
                        Shape.of(2, 3, 2), Shape.of(2, 3)),
                product("kron", "ij,kl->ikjl", x -> x.get(0).kron(x.get(1)).reshape(2, 3, 3, 4), m, n),
                product("trace", "ii->", x -> x.get(0).trace(), Shape.of(3, 3)),
                product("vecdot", "ij,ij->i", x -> x.get(0).vecdot(x.get(1), -1), m, m),
                product("multiDot", "ij,jk,kl->il", ProductOps::multiDot, m, n, Shape.of(4, 2)),
                product("multiDot", "i,ik,k->", ProductOps::multiDot, Shape.of(3), n, Shape.of(4)),
                product("addmv without the first", "ij,j->i", x -> vector(Double.NaN, 1).addmv(x.get(0), x.get(1), 0,
                        1),
                        m, Shape.of(3)));
    }

    @Test
    void scaledSums() {
        Tensor a = random(1, 2, 2, 3);
        Tensor b = random(2, 2, 3, 2);
        Tensor c = random(3, 2, 2, 2);
        Tensor ab = loops("bij,bjk->bik", List.of(a, b));
        same(c.mul(2.0).add(ab.mul(3.0)), c.baddbmm(a, b, 2, 3));
        same(c.select(0, 0).mul(2.0).add(ab.sum(0).mul(3.0)), c.select(0, 0).addbmm(a, b, 2, 3));
        Tensor u = vector(1, 2);
        Tensor v = vector(3, 4, 5);
        values(ramp(2, 3).addr(u, v, 1, 2), 6, 9, 12, 15, 20, 25);
        values(u.addmv(ramp(2, 3), v, -1, 1), 13, 48);
        longs(integers(1, 1).addmv(integers(Shape.of(2, 1), 2, 3), integers(5), 1, 1), 11, 16);
        check(in -> in.get(0).addr(in.get(1), in.get(2), 0.5, 2), random(1, 2, 3), random(2, 2), random(3, 3));
        check(in -> in.get(0).baddbmm(in.get(1), in.get(2), 0.5, 2), c, a, b);
    }

    @Test
    void crossProductsAndDistances() {
        values(vector(1, 2, 3).cross(vector(4, 5, 6), 0), -3, 6, -3);
        check(in -> in.get(0).cross(in.get(1), 1), random(1, 2, 3), random(2, 2, 3));
        Tensor x = of(Shape.of(2, 2), 0, 0, 3, 4);
        Tensor y = of(Shape.of(3, 2), 0, 0, 6, 8, 3, 0);
        near(Shape.of(2, 3), new double[] {0, 10, 3, 5, 5, 4}, x.cdist(y, 2));
        near(Shape.of(2, 3), new double[] {0, 14, 3, 7, 7, 4}, x.cdist(y, 1));
        check(in -> in.get(0).cdist(in.get(1), 2), random(1, 2, 3), random(2, 4, 3));
        values(vector(2).sum().inner(vector(1, 2)), 2, 4);
    }

    @Test
    void errorsSayWhatWasExpected() {
        Tensor m = ramp(2, 3);
        fails(() -> m.tensordot(m, 3), "tensordot", "0 to 2");
        fails(() -> m.tensordot(m, new int[] {0}, new int[] {1}), "tensordot", "[2, 3]");
        fails(() -> m.cross(m, 0), "cross", "extent 3");
        fails(() -> vector(1).trace(), "trace", "matrix");
        fails(() -> m.cdist(ramp(2, 2), 2), "cdist", "one length");
        fails(() -> Tensors.einsum("ij,jk->ik", m, m), "einsum");
        fails(() -> Tensors.einsum("ij->ik", m), "einsum", "k");
        fails(() -> Tensors.einsum("ij,j->i", m), "einsum");
        fails(() -> ProductOps.multiDot(List.of(m, m)), "[2, 3]");
    }
}
