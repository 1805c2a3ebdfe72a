package dev.tenon.onnx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The order in which nodes can be run.
final class NodeOrder {
    private NodeOrder() {}

    /// The nodes, each after those whose results it takes, otherwise as they were.
    ///
    /// @throws OnnxException if nodes wait for each other
    static List<OnnxNode> sorted(String graph, List<OnnxNode> nodes) throws OnnxException {
        Map<String, Integer> makers = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            for (String o : nodes.get(i).outputs()) {
                makers.put(o, i);
            }
        }
        makers.remove("");
        List<List<Integer>> users = new ArrayList<>();
        nodes.forEach(_ -> users.add(new ArrayList<>()));
        int[] waits = new int[nodes.size()];
        for (int i = 0; i < nodes.size(); i++) {
            for (String u : OnnxGraph.uses(nodes.get(i))) {
                Integer maker = makers.get(u);
                if (maker != null) {
                    users.get(maker).add(i);
                    waits[i]++;
                }
            }
        }
        PriorityQueue<Integer> ready = new PriorityQueue<>();
        IntStream.range(0, waits.length).filter(i -> waits[i] == 0).forEach(ready::add);
        List<OnnxNode> order = new ArrayList<>();
        while (!ready.isEmpty()) {
            int i = ready.poll();
            order.add(nodes.get(i));
            for (int user : users.get(i)) {
                if (--waits[user] == 0) {
                    ready.add(user);
                }
            }
        }
        if (order.size() < nodes.size()) {
            throw new OnnxException("graph '" + graph + "': nodes wait for each other's results: "
                    + cycle(nodes, users, waits));
        }
        return order;
    }

    /// The nodes of one circle. Every node that waits has one before it that waits.
    private static String cycle(List<OnnxNode> nodes, List<List<Integer>> users, int[] waits) {
        int[] before = new int[waits.length];
        Arrays.fill(before, -1);
        int start = -1;
        for (int i = 0; i < waits.length; i++) {
            if (waits[i] > 0) {
                for (int u : users.get(i)) {
                    before[u] = i;
                }
                start = i;
            }
        }
        boolean[] seen = new boolean[waits.length];
        while (before[start] >= 0 && !seen[start]) {
            seen[start] = true;
            start = before[start];
        }
        Deque<Integer> circle = new ArrayDeque<>(List.of(start));
        for (int i = before[start]; i != start && i >= 0; i = before[i]) {
            circle.addFirst(i);
        }
        String names = circle.stream().limit(6).map(i -> nodes.get(i).title()).collect(Collectors.joining(", "));
        return names + (circle.size() > 6 ? ", and " + (circle.size() - 6) + " more" : "");
    }
}
