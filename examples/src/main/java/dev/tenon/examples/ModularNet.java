package dev.tenon.examples;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.ModuleDict;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.Linears;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.Adam;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;

/// A net that is put together anew for each question: questions about a grid of coloured shapes, such as "how many are
/// red and round or blue?", are trees of parts, and each part has a module. The modules learn what their words mean
/// from
/// answers alone, to simple questions first, and answer questions put together in ways that they have not seen.
///
/// Source: Andreas, Rohrbach, Darrell and Klein, "Neural module networks", 2016.
public final class ModularNet {
    private static final List<String> WORDS = List.of("red", "green", "blue", "round", "square", "pointed");
    private static final int COLOURS = 3;
    private static final int CELLS = 9;
    /// What can be seen in a cell: each pair of a colour and a shape, or nothing.
    private static final int LOOKS = COLOURS * COLOURS + 1;
    private static final int BATCH = 32;
    /// The most levels of not, and, or.
    private static final int DEPTH = 2;

    private ModularNet() {}

    /// What is asked for: which cells?
    sealed interface Place {
        record Find(String word) implements Place {
            @Override
            public String toString() {
                return word;
            }
        }

        record Not(Place of) implements Place {
            @Override
            public String toString() {
                return "not " + of;
            }
        }

        record And(Place a, Place b) implements Place {
            @Override
            public String toString() {
                return "(" + a + " and " + b + ")";
            }
        }

        record Or(Place a, Place b) implements Place {
            @Override
            public String toString() {
                return "(" + a + " or " + b + ")";
            }
        }

        /// Whether it is true of what looks so.
        default boolean holds(int look) {
            return switch (this) {
                case Find(String word) -> {
                    int w = WORDS.indexOf(word);
                    yield look > 0 && (w < COLOURS ? (look - 1) / COLOURS == w : (look - 1) % COLOURS == w - COLOURS);
                }
                case Not(Place p) -> !p.holds(look);
                case And(Place a, Place b) -> a.holds(look) && b.holds(look);
                case Or(Place a, Place b) -> a.holds(look) || b.holds(look);
            };
        }

        static Place random(int depth, RandomGenerator g) {
            return switch (depth == 0 ? 0 : g.nextInt(5)) {
                case 0, 1 -> new Find(WORDS.get(g.nextInt(WORDS.size())));
                case 2 -> new Not(random(depth - 1, g));
                case 3 -> new And(random(depth - 1, g), random(depth - 1, g));
                default -> new Or(random(depth - 1, g), random(depth - 1, g));
            };
        }
    }

    /// How many such cells are there, or is there any?
    record Question(boolean count, Place place) {
        long answer(int[] scene) {
            long n = 0;
            for (int look : scene) {
                n += place.holds(look) ? 1 : 0;
            }
            return count ? n : Math.min(n, 1);
        }

        static Question random(int depth, RandomGenerator g) {
            return new Question(g.nextBoolean(), Place.random(depth, g));
        }

        @Override
        public String toString() {
            return (count ? "how many are " : "is any ") + place + "?";
        }
    }

    /// Scores of the numbers from 0 to 9 for an amount `[n, 1]`: the further away, the lower.
    static final class Count extends Module {
        private final Parameter sharpness = registerParameter("sharpness", Tensors.ones(1));

        @Override
        public Tensor forward(Tensor amount) {
            return amount.sub(Tensors.arange(CELLS + 1).to(DType.F32)).square().mul(sharpness.get()).neg();
        }
    }

    /// The modules, of which each question uses some.
    static final class Net extends Module {
        private final ModuleDict<Linear> find = register("find", new ModuleDict<>());
        private final Count count = register("count", new Count());
        private final Linear exists = register("exists", new Linear(1, 2));

        Net() {
            WORDS.forEach(word -> find.put(word, new Linear(LOOKS, 1)));
        }

        /// Puts together what the question needs.
        ///
        /// @param scenes `[n, cells, looks]`
        /// @return the scores of the answers, `[n, answers]`
        Tensor call(Question q, Tensor scenes) {
            Tensor amount = attention(q.place, scenes).sum(1, true);
            return q.count ? count.call(amount) : exists.call(amount);
        }

        /// How far each cell is meant, 0 to 1: `[n, cells]`.
        private Tensor attention(Place p, Tensor scenes) {
            return switch (p) {
                case Place.Find(String word) -> find.get(word).call(scenes).squeeze(2).sigmoid();
                case Place.Not(Place of) -> attention(of, scenes).rsub(1);
                case Place.And(Place a, Place b) -> attention(a, scenes).mul(attention(b, scenes));
                case Place.Or(Place a, Place b) ->
                    attention(a, scenes).rsub(1).mul(attention(b, scenes).rsub(1)).rsub(1);
            };
        }
    }

    /// What came out.
    ///
    /// @param accuracy the part of the answers to unseen questions that was right
    /// @param counting the same for the questions of how many
    public record Result(double accuracy, double counting) {}

    private static int[][] scenes(int count, RandomGenerator g) {
        int[][] scenes = new int[count][CELLS];
        for (int[] scene : scenes) {
            // A density for each scene, so that there are full ones and empty ones.
            int density = g.nextInt(CELLS + 1);
            for (int i = 0; i < CELLS; i++) {
                scene[i] = g.nextInt(CELLS) < density ? g.nextInt(1, LOOKS) : 0;
            }
        }
        return scenes;
    }

    private static Tensor tensor(int[][] scenes) {
        long[] looks = Arrays.stream(scenes).flatMapToInt(Arrays::stream).asLongStream().toArray();
        Tensor index = Tensors.of(looks, Shape.of(scenes.length, CELLS), Device.getDefault());
        return Linears.oneHot(index, LOOKS).to(DType.F32);
    }

    private static long[] answers(Question q, int[][] scenes) {
        return Arrays.stream(scenes).mapToLong(q::answer).toArray();
    }

    /// Trains on random questions, each about 32 scenes, and measures on questions that were not among them.
    public static Result run(int steps, long seed) {
        Tensors.manualSeed(seed);
        Random random = new Random(seed);
        Net net = new Net();
        Adam optimizer = new Adam(net.parameters(), 0.1);
        Set<Question> seen = new HashSet<>();
        double mean = Math.log(CELLS + 1);
        for (int step = 1; step <= steps; step++) {
            Question q = Question.random(Math.min(DEPTH, step * (DEPTH + 1) / steps), random);
            seen.add(q);
            int[][] scenes = scenes(BATCH, random);
            try (Scope _ = Scope.open()) {
                Tensor loss = ClassLosses.crossEntropy(net.call(q, tensor(scenes)), Tensors.of(answers(q, scenes)));
                optimizer.zeroGrad();
                loss.backward();
                optimizer.step();
                mean += 0.01 * (loss.item() - mean);
            }
            if (step % 500 == 0) {
                System.out.printf("step %d: loss %.3f%n", step, mean);
            }
        }
        return measure(net, seen, random);
    }

    private static Result measure(Net net, Set<Question> seen, Random random) {
        int[] asked = new int[2];
        int[] right = new int[2];
        for (int questions = 0; questions < 100;) {
            Question q = Question.random(DEPTH, random);
            if (!seen.add(q)) {
                continue;
            }
            int[][] scenes = scenes(BATCH, random);
            long[] answers = answers(q, scenes);
            int kind = q.count ? 1 : 0;
            try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
                long[] said = net.call(q, tensor(scenes)).argmax(1, false).toLongArray();
                for (int i = 0; i < BATCH; i++) {
                    right[kind] += said[i] == answers[i] ? 1 : 0;
                }
                asked[kind] += BATCH;
                if (questions < 5) {
                    System.out.println(q + " " + answers[0] + "; the net says " + said[0]);
                }
            }
            questions++;
        }
        return new Result((double) (right[0] + right[1]) / (asked[0] + asked[1]), (double) right[1] / asked[1]);
    }

    /// Trains and prints.
    public static void main(String... args) {
        Result r = run(2000, 1);
        System.out.printf("accuracy on unseen questions %.3f, where it counts %.3f%n", r.accuracy, r.counting);
    }
}
