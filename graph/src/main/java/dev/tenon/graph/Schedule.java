package dev.tenon.graph;

import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.graph.Buffer.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;

/// The order in which a plan's steps run: of a few that give the same results, the one that needs least memory. A
/// training step assigns each new parameter as soon as its gradient is there, for example, rather than all at the end.
///
/// What stays in order: steps that share memory which one of them writes; draws of random numbers and code of the
/// user's; and no parameter changes before an earlier step that may refuse the values of its operands.
final class Schedule {
    private static final int MANY = 20_000;

    private final List<Step> steps;
    /// For each step, those that must come before it, and after it.
    private final List<Set<Integer>> before = new ArrayList<>();
    private final List<Set<Integer>> after = new ArrayList<>();
    /// For each part of the arena, the steps that use it.
    private final Map<Buffer, List<Integer>> users = new IdentityHashMap<>();

    private Schedule(List<Step> steps) {
        this.steps = steps;
        order();
    }

    /// The steps in the order that needs least memory. Very long programs are left as they are.
    static List<Step> best(List<Step> recorded) {
        if (recorded.size() > MANY) {
            return recorded;
        }
        List<Step> best = recorded;
        long least = MemoryPlan.of(recorded).plannedBytes();
        List<Step> early = new Schedule(recorded).assigningEarly();
        for (List<Step> base : early.equals(recorded) ? List.of(recorded) : List.of(early, recorded)) {
            for (List<Step> order : List.of(base, new Schedule(base).freeingEarly())) {
                long bytes = order.equals(recorded) ? least : MemoryPlan.of(order).plannedBytes();
                if (bytes < least) {
                    least = bytes;
                    best = order;
                }
            }
        }
        return best;
    }

    // --- what must stay in order

    /// The steps that touched a buffer last.
    private static final class Last {
        private int writer = -1;
        private final List<Integer> readers = new ArrayList<>();
    }

    private void order() {
        Map<Buffer, Last> lasts = new IdentityHashMap<>();
        Set<Slot> checked = new HashSet<>();
        int inLine = -1;
        int refusing = -1;
        for (int i = 0; i < steps.size(); i++) {
            before.add(new TreeSet<>());
            after.add(new TreeSet<>());
            Step s = steps.get(i);
            for (Slot in : s.in()) {
                Last last = lasts.computeIfAbsent(in.buffer(), _ -> new Last());
                follow(i, last.writer);
                last.readers.add(i);
                use(i, in.buffer());
            }
            for (Slot out : s.out()) {
                Last last = lasts.computeIfAbsent(out.buffer(), _ -> new Last());
                follow(i, last.writer);
                for (int reader : last.readers) {
                    follow(i, reader);
                }
                last.readers.clear();
                last.writer = i;
                use(i, out.buffer());
                if (out.buffer().kind == Kind.FIXED) {
                    follow(i, refusing);
                }
            }
            if (s.kernel() == null || !s.op().scalars().sources().isEmpty()) {
                follow(i, inLine);
                inLine = i;
            }
            if (mayRefuse(s, checked)) {
                // One of several such steps stands for those before it.
                follow(i, refusing);
                refusing = i;
            }
        }
    }

    private void follow(int step, int earlier) {
        if (earlier >= 0 && earlier != step) {
            before.get(step).add(earlier);
            after.get(earlier).add(step);
        }
    }

    private void use(int step, Buffer b) {
        if (b.kind == Kind.ARENA) {
            List<Integer> all = users.computeIfAbsent(b, _ -> new ArrayList<>());
            if (all.isEmpty() || all.getLast() != step) {
                all.add(step);
            }
        }
    }

    /// Whether a step may fail for what its operands hold: code of the user's, or positions that an earlier step has
    /// not looked at.
    private static boolean mayRefuse(Step s, Set<Slot> checked) {
        return s.kernel() == null
                || (s.op() instanceof GatherOp || s.op() instanceof ScatterOp) && checked.addAll(s.in());
    }

    // --- orders

    /// The steps that lead to nothing but new values of parameters come as soon as these can be assigned.
    private List<Step> assigningEarly() {
        int n = steps.size();
        boolean[] main = new boolean[n];
        for (int i = n - 1; i >= 0; i--) {
            main[i] = isMain(i, main);
        }
        List<List<Integer>> assigned = new ArrayList<>();
        for (int i = 0; i <= n; i++) {
            assigned.add(new ArrayList<>());
        }
        int[] ready = new int[n];
        for (int i = 0; i < n; i++) {
            ready[i] = main[i] ? i : 0;
            for (int j : before.get(i)) {
                ready[i] = main[i] ? i : Math.max(ready[i], main[j] ? j + 1 : ready[j]);
            }
            if (!main[i] && writesFixed(i)) {
                assigned.get(ready[i]).add(i);
            }
        }
        List<Step> out = new ArrayList<>();
        boolean[] done = new boolean[n];
        for (int i = 0; i <= n; i++) {
            for (int a : assigned.get(i)) {
                withAllBefore(a, done, out);
            }
            if (i < n && main[i]) {
                withAllBefore(i, done, out);
            }
        }
        return out;
    }

    private boolean writesFixed(int i) {
        return steps.get(i).out().stream().anyMatch(s -> s.buffer().kind == Kind.FIXED);
    }

    /// Whether a step has another purpose than assigning parameters.
    private boolean isMain(int i, boolean[] main) {
        Step s = steps.get(i);
        if (s.kernel() == null) {
            return true;
        }
        boolean needed = writesFixed(i);
        for (Slot out : s.out()) {
            Buffer b = out.buffer();
            if (b.kind == Kind.OUTPUT) {
                return true;
            }
            for (int user : users.getOrDefault(b, List.of())) {
                needed |= user > i;
                if (user > i && main[user]) {
                    return true;
                }
            }
        }
        return !needed;
    }

    /// A step, after those of the steps before it that are not done, in the order in which they were recorded.
    private void withAllBefore(int step, boolean[] done, List<Step> out) {
        ArrayDeque<Integer> open = new ArrayDeque<>(List.of(step));
        TreeSet<Integer> missing = new TreeSet<>();
        while (!open.isEmpty()) {
            int i = open.removeLast();
            if (!done[i] && missing.add(i)) {
                open.addAll(before.get(i));
            }
        }
        for (int i : missing) {
            done[i] = true;
            out.add(steps.get(i));
        }
    }

    /// The steps as they are, but that those which free more memory than they take come as soon as they can.
    private List<Step> freeingEarly() {
        int n = steps.size();
        int[] missing = new int[n];
        boolean[] done = new boolean[n];
        Map<Buffer, Integer> left = new IdentityHashMap<>();
        users.forEach((b, all) -> left.put(b, all.size()));
        Set<Buffer> begun = Collections.newSetFromMap(new IdentityHashMap<>());
        PriorityQueue<Integer> ready = new PriorityQueue<>();
        PriorityQueue<Integer> freeing = new PriorityQueue<>();
        for (int i = 0; i < n; i++) {
            missing[i] = before.get(i).size();
            if (missing[i] == 0) {
                ready.add(i);
            }
        }
        List<Step> out = new ArrayList<>();
        while (!ready.isEmpty() || !freeing.isEmpty()) {
            int i = freeing.isEmpty() ? ready.remove() : freeing.remove();
            if (done[i]) {
                continue;
            }
            done[i] = true;
            out.add(steps.get(i));
            for (int j : after.get(i)) {
                if (--missing[j] == 0) {
                    ready.add(j);
                    if (taken(j, left, begun) < 0) {
                        freeing.add(j);
                    }
                }
            }
            for (Buffer b : arena(steps.get(i))) {
                begun.add(b);
                if (left.merge(b, -1, Integer::sum) == 1) {
                    for (int j : users.getOrDefault(b, List.of())) {
                        if (!done[j] && missing[j] == 0 && taken(j, left, begun) < 0) {
                            freeing.add(j);
                        }
                    }
                }
            }
        }
        return out;
    }

    /// How much memory a step takes, less what it frees.
    private long taken(int step, Map<Buffer, Integer> left, Set<Buffer> begun) {
        long bytes = 0;
        for (Buffer b : arena(steps.get(step))) {
            bytes += begun.contains(b) ? 0 : b.bytes;
            bytes -= left.getOrDefault(b, 0) == 1 ? b.bytes : 0;
        }
        return bytes;
    }

    private static Set<Buffer> arena(Step s) {
        Set<Buffer> all = Collections.newSetFromMap(new IdentityHashMap<>());
        s.in().forEach(x -> all.add(x.buffer()));
        s.out().forEach(x -> all.add(x.buffer()));
        all.removeIf(b -> b.kind != Kind.ARENA);
        return all;
    }
}
