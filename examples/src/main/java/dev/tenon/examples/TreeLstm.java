package dev.tenon.examples;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.layer.Embedding;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.Adam;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;

/// A recursive net: a binary Tree-LSTM reads an arithmetic expression and says what it is worth. The net has the
/// form of
/// the expression, because it is a recursive method. Nobody tells it what its symbols mean; it sees expressions and
/// their values, modulo three, the simple ones first.
///
/// Source of the cell: Tai, Socher and Manning, "Improved semantic representations from tree-structured long short-term
/// memory networks", 2015, section 3.2; the operator is the input of an inner node.
public final class TreeLstm {
    private static final int CLASSES = 3;
    private static final int WIDTH = 32;
    private static final int BATCH = 16;

    private TreeLstm() {}

    /// An expression over the numbers modulo three.
    sealed interface Expression {
        /// @param value 0, 1 or 2
        record Number(int value) implements Expression {
            @Override
            public String toString() {
                return Integer.toString(value);
            }
        }

        record Operation(Operator operator, Expression left, Expression right) implements Expression {
            @Override
            public String toString() {
                return "(" + left + " " + operator.symbol + " " + right + ")";
            }
        }

        default int value() {
            return switch (this) {
                case Number(int v) -> v;
                case Operation(Operator f, Expression l, Expression r) -> f.apply(l.value(), r.value());
            };
        }

        /// An expression of so many levels of operations, or fewer.
        static Expression random(int depth, RandomGenerator g) {
            return depth == 0 || g.nextInt(4) == 0
                    ? new Number(g.nextInt(CLASSES))
                    : new Operation(Operator.values()[g.nextInt(3)], random(depth - 1, g), random(depth - 1, g));
        }
    }

    /// What the nodes of expressions do.
    enum Operator {
        PLUS('+'), MINUS('-'), TIMES('*');

        private final char symbol;

        Operator(char symbol) {
            this.symbol = symbol;
        }

        int apply(int a, int b) {
            return Math.floorMod(switch (this) {
                case PLUS -> a + b;
                case MINUS -> a - b;
                case TIMES -> a * b;
            }, CLASSES);
        }
    }

    /// The net.
    static final class Net extends Module {
        private final Embedding numbers = register("numbers", new Embedding(CLASSES, WIDTH));
        private final Embedding operators = register("operators", new Embedding(Operator.values().length, WIDTH));
        private final Linear gates = register("gates", new Linear(3 * WIDTH, 5 * WIDTH));
        private final Linear head = register("head", new Linear(WIDTH, CLASSES));

        /// What a node hands to the node above, `[1, width]` each.
        private record State(Tensor hidden, Tensor memory) {}

        /// The scores of the possible values, `[1, 3]`.
        Tensor call(Expression e) {
            return head.call(encode(e).hidden);
        }

        private State encode(Expression e) {
            return switch (e) {
                case Expression.Number(int value) -> {
                    Tensor memory = numbers.call(Tensors.of((long) value));
                    yield new State(memory.tanh(), memory);
                }
                case Expression.Operation(Operator f, Expression left, Expression right) ->
                    node(operators.call(Tensors.of((long) f.ordinal())), encode(left), encode(right));
            };
        }

        /// An LSTM cell with two states before it, each with a forget gate of its own.
        private State node(Tensor x, State left, State right) {
            Tensor mapped = gates.call(Tensors.cat(1, x, left.hidden, right.hidden));
            List<Tensor> open = mapped.narrow(1, 0, 4 * WIDTH).sigmoid().chunk(4, 1);
            Tensor memory = open.get(0).mul(mapped.narrow(1, 4 * WIDTH, WIDTH).tanh())
                .add(open.get(1).mul(left.memory))
                .add(open.get(2).mul(right.memory));
            return new State(open.get(3).mul(memory.tanh()), memory);
        }
    }

    /// What came out.
    ///
    /// @param accuracy the part of the unseen expressions whose value the net gave
    /// @param mostFrequent the part of them that has the most frequent value: what guessing can reach
    public record Result(double accuracy, double mostFrequent) {}

    /// Trains on random expressions and measures on others, none of which it has seen.
    ///
    /// @param steps of the optimiser, on 16 expressions each
    /// @param depth the most levels of operations
    public static Result run(int steps, int depth, long seed) {
        Tensors.manualSeed(seed);
        Random random = new Random(seed);
        Net net = new Net();
        Adam optimizer = new Adam(net.parameters(), 1e-2);
        Set<Expression> seen = new HashSet<>();
        double mean = Math.log(CLASSES);
        for (int step = 1; step <= steps; step++) {
            int levels = Math.min(depth, 1 + step * depth / steps);
            try (Scope _ = Scope.open()) {
                List<Tensor> scores = new ArrayList<>();
                long[] values = new long[BATCH];
                for (int i = 0; i < BATCH; i++) {
                    Expression e = Expression.random(levels, random);
                    seen.add(e);
                    scores.add(net.call(e));
                    values[i] = e.value();
                }
                Tensor loss = ClassLosses.crossEntropy(Tensors.cat(0, scores), Tensors.of(values));
                optimizer.zeroGrad();
                loss.backward();
                optimizer.step();
                mean += 0.02 * (loss.item() - mean);
            }
            if (step % 100 == 0) {
                System.out.printf("step %d: loss %.3f%n", step, mean);
            }
        }
        return measure(net, depth, seen, random);
    }

    private static Result measure(Net net, int depth, Set<Expression> seen, Random random) {
        int count = 300;
        int right = 0;
        int[] values = new int[CLASSES];
        for (int i = 0; i < count;) {
            Expression e = Expression.random(depth, random);
            if (seen.add(e)) {
                try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
                    long said = net.call(e).argmax().itemLong();
                    right += said == e.value() ? 1 : 0;
                    if (i < 5) {
                        System.out.println(e + " = " + e.value() + " modulo 3; the net says " + said);
                    }
                }
                values[e.value()]++;
                i++;
            }
        }
        return new Result((double) right / count, (double) Math.max(values[0], Math.max(values[1], values[2])) / count);
    }

    /// Trains and prints.
    public static void main(String... args) {
        Result r = run(1000, 4, 1);
        System.out.printf("accuracy on unseen expressions %.3f; of the most frequent value %.3f%n", r.accuracy,
            r.mostFrequent);
    }
}
