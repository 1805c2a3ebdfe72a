package dev.tenon.autograd;

import dev.tenon.api.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Collects the gradients of certain outputs of certain nodes instead of those of the leaves, and says which nodes lead
/// there, so that a pass computes no others.
final class Capture {
    /// Which gradients of one node are wanted: those at the given outputs go to the given places.
    private static final class Target {
        final List<int[]> places = new ArrayList<>();
    }

    private final Map<Node, Target> targets = new IdentityHashMap<>();

    /// For each node on the way whether its operands are of interest.
    private final Map<Node, Boolean> leadsOn = new IdentityHashMap<>();

    private final @Nullable Tensor[] gradients;
    private final boolean stops;

    /// @param places how many gradients are wanted
    /// @param stops whether what is behind a target is none of the pass's business, its hooks included
    Capture(int places, boolean stops) {
        gradients = new Tensor[places];
        this.stops = stops;
    }

    /// Asks for the gradient of an output of a node.
    void want(Node n, int slot, int place) {
        targets.computeIfAbsent(n, _ -> new Target()).places.add(new int[] {slot, place});
    }

    /// Finds out which nodes lead from the roots to what is wanted.
    void explore(List<Tensor> roots) {
        List<Node> found = new ArrayList<>();
        ArrayDeque<Node> open = new ArrayDeque<>();
        Map<Node, Boolean> seen = new IdentityHashMap<>();
        for (Tensor t : roots) {
            visit(Node.of(t), seen, open);
        }
        while (!open.isEmpty()) {
            Node n = open.pop();
            found.add(n);
            if (!isOutside(n)) {
                for (Node p : n.parents) {
                    visit(p, seen, open);
                }
            }
        }
        found.sort(Comparator.comparingLong(n -> n.sequence));
        for (Node n : found) {
            boolean on = false;
            if (!isOutside(n)) {
                for (Node p : n.parents) {
                    on |= p != null && leadsOn.containsKey(p);
                }
            }
            if (on || targets.containsKey(n)) {
                leadsOn.put(n, on);
            }
        }
    }

    private static void visit(@Nullable Node n, Map<Node, Boolean> seen, ArrayDeque<Node> open) {
        if (n != null && seen.put(n, true) == null) {
            open.push(n);
        }
    }

    boolean isWanted(Node n) {
        return leadsOn.containsKey(n);
    }

    boolean leadsOn(Node n) {
        return leadsOn.getOrDefault(n, false);
    }

    /// Whether the node is a target at which a walk that stops there ends.
    boolean isOutside(Node n) {
        return stops && targets.containsKey(n);
    }

    boolean isTarget(Node n, int slot) {
        Target t = targets.get(n);
        if (t != null) {
            for (int[] p : t.places) {
                if (p[0] == slot) {
                    return true;
                }
            }
        }
        return false;
    }

    /// Takes over a gradient.
    void put(Node n, int slot, Tensor g, Pass pass) {
        Target t = targets.get(n);
        if (t != null) {
            for (int[] p : t.places) {
                if (p[0] == slot) {
                    Tensor share = Node.share(g, pass.createGraph);
                    gradients[p[1]] = pass.accumulated(gradients[p[1]], share);
                }
            }
        }
        g.close();
    }

    @Nullable Tensor[] gradients() {
        return gradients;
    }
}
