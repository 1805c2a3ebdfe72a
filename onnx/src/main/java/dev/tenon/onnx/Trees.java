package dev.tenon.onnx;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Ensembles of decision trees, walked on the host.
final class Trees {
    private static final List<String> MODES = List.of("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT",
            "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER", "LEAF");
    private static final int MEMBER = 6;
    private static final int LEAF = 7;
    private static final List<String> TRANSFORMS =
            List.of("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT");
    private static final List<String> AGGREGATES = List.of("AVERAGE", "SUM", "MIN", "MAX");

    /// What a leaf adds to a target.
    private record Vote(int target, double weight) {}

    /// A node: a test with two successors, or a leaf with votes.
    private static final class Node {
        private int mode = LEAF;
        private int feature;
        private double split;
        private Set<Double> members = Set.of();
        private boolean missingIsTrue;
        private @Nullable Node yes;
        private @Nullable Node no;
        private final List<Vote> votes = new ArrayList<>();
    }

    private final List<Node> roots = new ArrayList<>();
    private final int targets;

    private Trees(int targets) {
        this.targets = targets;
    }

    static void register(Operators r) {
        r.add("TreeEnsemble", 5, c -> {
            Tensor scores = compact(c).scores(c, AGGREGATES.get((int) c.attr("aggregate_function", 1)), null);
            return List.of(c.like(0, Classical.transformed(TRANSFORMS.get((int) c.attr("post_transform", 0)), scores)));
        });
        r.add("TreeEnsembleRegressor", 1, c -> {
            Tensor scores = classic(c, "target", (int) c.attr("n_targets", 1))
                    .scores(c, c.attr("aggregate_function", "SUM"), numbers(c, "base_values"));
            return List.of(OnnxValue.of(Classical.transformed(c.attr("post_transform", "NONE"), scores)));
        });
        r.add("TreeEnsembleClassifier", 1, Trees::classify);
    }

    // --- reading

    private static double @Nullable [] numbers(Call c, String name) {
        OnnxValue tensor = c.attributes().value(name + "_as_tensor").orElse(null);
        return tensor != null ? tensor.tensor().toDoubleArray() : c.numbers(name);
    }

    private static double[] tensor(Call c, String name) {
        OnnxValue v = c.attributes().value(name).orElseThrow(
                () -> new IllegalArgumentException("attribute " + name + " is missing"));
        return v.tensor().toDoubleArray();
    }

    private static long[] list(Call c, String name) {
        long[] v = c.integers(name);
        if (v == null) {
            throw new IllegalArgumentException("attribute " + name + " is missing");
        }
        return v;
    }

    /// The newest form: leaves in lists of their own.
    private static Trees compact(Call c) {
        Trees t = new Trees((int) c.attr("n_targets", 1));
        double[] splits = tensor(c, "nodes_splits");
        double[] modes = tensor(c, "nodes_modes");
        long[] features = list(c, "nodes_featureids");
        long[] missing = c.integers("nodes_missing_value_tracks_true");
        double[] weights = tensor(c, "leaf_weights");
        long[] leafTargets = list(c, "leaf_targetids");
        List<Node> leaves = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            Node leaf = new Node();
            leaf.votes.add(new Vote((int) leafTargets[i], weights[i]));
            leaves.add(leaf);
        }
        List<Set<Double>> members = members(c);
        int member = 0;
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i < splits.length; i++) {
            Node n = new Node();
            n.mode = (int) modes[i];
            n.feature = (int) features[i];
            n.split = splits[i];
            n.missingIsTrue = missing != null && missing[i] != 0;
            if (n.mode == MEMBER) {
                n.members = members.get(member++);
            }
            nodes.add(n);
        }
        long[] yes = list(c, "nodes_truenodeids");
        long[] no = list(c, "nodes_falsenodeids");
        long[] yesIsLeaf = list(c, "nodes_trueleafs");
        long[] noIsLeaf = list(c, "nodes_falseleafs");
        for (int i = 0; i < nodes.size(); i++) {
            nodes.get(i).yes = (yesIsLeaf[i] != 0 ? leaves : nodes).get((int) yes[i]);
            nodes.get(i).no = (noIsLeaf[i] != 0 ? leaves : nodes).get((int) no[i]);
        }
        for (long root : list(c, "tree_roots")) {
            t.roots.add(nodes.get((int) root));
        }
        return t;
    }

    /// Sets of numbers, each ended by NaN.
    private static List<Set<Double>> members(Call c) {
        List<Set<Double>> all = new ArrayList<>();
        Set<Double> current = new HashSet<>();
        if (c.hasAttr("membership_values")) {
            for (double d : tensor(c, "membership_values")) {
                if (Double.isNaN(d)) {
                    all.add(current);
                    current = new HashSet<>();
                } else {
                    current.add(d);
                }
            }
        }
        all.add(current);
        return all;
    }

    /// The older form: nodes by the numbers of their tree and their own.
    private static Trees classic(Call c, String prefix, int targets) {
        Trees t = new Trees(targets);
        long[] trees = list(c, "nodes_treeids");
        long[] ids = list(c, "nodes_nodeids");
        List<String> modes = c.attributes().strings("nodes_modes").orElseThrow(
                () -> new IllegalArgumentException("attribute nodes_modes is missing"));
        double[] splits = numbers(c, "nodes_values");
        long[] features = list(c, "nodes_featureids");
        long[] missing = c.integers("nodes_missing_value_tracks_true");
        long[] yes = list(c, "nodes_truenodeids");
        long[] no = list(c, "nodes_falsenodeids");
        Map<List<Long>, Node> byId = new HashMap<>();
        for (int i = 0; i < ids.length; i++) {
            Node n = new Node();
            n.mode = MODES.indexOf(modes.get(i));
            n.feature = (int) features[i];
            n.split = splits == null ? 0 : splits[i];
            n.missingIsTrue = missing != null && i < missing.length && missing[i] != 0;
            byId.put(List.of(trees[i], ids[i]), n);
            if (i == 0 || trees[i] != trees[i - 1]) {
                t.roots.add(n);
            }
        }
        for (int i = 0; i < ids.length; i++) {
            Node n = byId.get(List.of(trees[i], ids[i]));
            if (n != null && n.mode != LEAF) {
                n.yes = byId.get(List.of(trees[i], yes[i]));
                n.no = byId.get(List.of(trees[i], no[i]));
            }
        }
        double[] weights = numbers(c, prefix + "_weights");
        long[] voteTrees = list(c, prefix + "_treeids");
        long[] voteNodes = list(c, prefix + "_nodeids");
        long[] voteTargets = list(c, prefix + "_ids");
        for (int i = 0; i < voteNodes.length; i++) {
            Node n = byId.get(List.of(voteTrees[i], voteNodes[i]));
            if (n == null || weights == null) {
                throw new IllegalArgumentException("vote " + i + " is of node " + voteNodes[i] + " of tree "
                        + voteTrees[i] + ", which there is not, or has no weight");
            }
            n.votes.add(new Vote((int) voteTargets[i], weights[i]));
        }
        return t;
    }

    // --- walking

    private static Node leaf(Node root, double[] x, int offset) {
        Node n = root;
        for (int depth = 0; n.mode != LEAF && n.yes != null && n.no != null; depth++) {
            double v = x[offset + n.feature];
            boolean yes = switch (n.mode) {
                case 0 -> v <= n.split;
                case 1 -> v < n.split;
                case 2 -> v >= n.split;
                case 3 -> v > n.split;
                case 4 -> v == n.split;
                case 5 -> v != n.split;
                case MEMBER -> n.members.contains(v);
                default -> throw new IllegalArgumentException("node mode " + n.mode + " is unknown");
            };
            n = yes || Double.isNaN(v) && n.missingIsTrue ? n.yes : n.no;
            if (depth > 100_000) {
                throw new IllegalArgumentException("a tree does not end: its nodes form a circle");
            }
        }
        return n;
    }

    private Tensor scores(Call c, String aggregate, double @Nullable [] base) {
        Tensor x = c.x(0);
        double[] v = x.toDoubleArray();
        int rows = (int) x.size(0);
        int width = (int) x.size(1);
        double[] out = new double[rows * targets];
        for (int r = 0; r < rows; r++) {
            double[] sums = new double[targets];
            boolean[] seen = new boolean[targets];
            for (Node root : roots) {
                for (Vote vote : leaf(root, v, r * width).votes) {
                    double before = sums[vote.target];
                    sums[vote.target] = !seen[vote.target] ? vote.weight : switch (aggregate) {
                        case "MIN" -> Math.min(before, vote.weight);
                        case "MAX" -> Math.max(before, vote.weight);
                        default -> before + vote.weight;
                    };
                    seen[vote.target] = true;
                }
            }
            for (int k = 0; k < targets; k++) {
                double score = aggregate.equals("AVERAGE") ? sums[k] / roots.size() : sums[k];
                out[r * targets + k] = score + (base == null ? 0 : base[base.length == 1 ? 0 : k]);
            }
        }
        return Tensors.of(Constants.floats(out), Shape.of(rows, targets), c.device());
    }

    private static List<OnnxValue> classify(Call c) {
        long[] ints = c.integers("classlabels_int64s");
        List<String> words = c.strings("classlabels_strings");
        int classes = ints != null ? ints.length : words != null ? words.size() : 1;
        String transform = c.attr("post_transform", "NONE");
        Tensor scores = classic(c, "class", classes).scores(c, "SUM", numbers(c, "base_values"));
        boolean binary = Arrays.stream(list(c, "class_ids")).distinct().count() == 1 && classes <= 2;
        if (binary) {
            // One score says it for both classes.
            Tensor one = scores.narrow(1, 0, 1);
            boolean raw = transform.equals("NONE") || transform.equals("PROBIT");
            scores = Tensors.cat(1, raw ? one.rsub(1) : one.neg(), one);
        }
        Tensor out = Classical.transformed(transform, scores);
        Tensor best = out.argmax(1, false);
        return List.of(classes == 1 ? OnnxValue.of(best) : Classical.labels(c, best, ints, words), OnnxValue.of(out));
    }
}
