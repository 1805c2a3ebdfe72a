package dev.tenon.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/// Einstein's summation: operands are brought to a common order of axes, and contracted from left to right, each pair
/// by one batched matrix product.
final class Einsum {
    private final String equation;
    /// Labels: characters, and for the axes that `...` stands for, the numbers 1, 2, ... from the last.
    private final List<List<Integer>> inputs = new ArrayList<>();
    private final List<Integer> output = new ArrayList<>();
    private final Map<Integer, Long> extents = new HashMap<>();

    private Einsum(String equation, List<Tensor> operands) {
        this.equation = equation;
        String e = equation.replace(" ", "");
        int arrow = e.indexOf("->");
        String[] terms = (arrow < 0 ? e : e.substring(0, arrow)).split(",", -1);
        if (terms.length != operands.size()) {
            throw error(terms.length + " terms for " + operands.size() + " operands");
        }
        int dots = 0;
        for (int i = 0; i < terms.length; i++) {
            List<Integer> labels = labels(terms[i], operands.get(i).rank());
            dots = Math.max(dots, (int) labels.stream().filter(l -> l < 'A').count());
            inputs.add(labels);
            note(labels, operands.get(i));
        }
        if (arrow >= 0) {
            String right = e.substring(arrow + 2);
            long named = right.replace("...", "").length();
            output.addAll(labels(right, (int) named + (right.contains("...") ? dots : 0)));
        } else {
            for (int d = dots; d >= 1; d--) {
                output.add(d);
            }
            inputs.stream().flatMap(List::stream).filter(l -> l >= 'A').sorted()
                    .filter(l -> inputs.stream().flatMap(List::stream).filter(l::equals).count() == 1)
                    .forEach(output::add);
        }
        for (int l : output) {
            if (output.indexOf(l) != output.lastIndexOf(l) || !extents.containsKey(l)) {
                throw error("the result names an axis twice or one that no operand has");
            }
        }
    }

    private TensorException error(String what) {
        return new TensorException("einsum: \"" + equation + "\": " + what);
    }

    private List<Integer> labels(String term, int rank) {
        List<Integer> labels = new ArrayList<>();
        int dots = term.indexOf("...");
        int named = term.length() - (dots < 0 ? 0 : 3);
        if (dots < 0 && named != rank || named > rank) {
            throw error("the term \"" + term + "\" for an operand with " + rank + " axes");
        }
        for (int i = 0; i < term.length(); i++) {
            if (i == dots) {
                for (int d = rank - named; d >= 1; d--) {
                    labels.add(d);
                }
                i += 2;
            } else if (Character.isLetter(term.charAt(i))) {
                labels.add((int) term.charAt(i));
            } else {
                throw error("\"" + term.charAt(i) + "\" is no letter");
            }
        }
        return labels;
    }

    private void note(List<Integer> labels, Tensor x) {
        for (int i = 0; i < labels.size(); i++) {
            long n = x.size(i);
            Long known = extents.get(labels.get(i));
            if (known != null && known != n && known != 1 && n != 1) {
                throw error("an axis has extents " + known + " and " + n);
            }
            extents.merge(labels.get(i), n, (a, b) -> a == 1 ? b : a);
        }
    }

    static Tensor of(String equation, List<Tensor> operands) {
        if (operands.isEmpty()) {
            throw new TensorException("einsum: needs at least one tensor");
        }
        Einsum e = new Einsum(equation, operands);
        List<Integer> labels = new ArrayList<>(e.inputs.getFirst());
        Tensor result = e.diagonals(operands.getFirst(), labels);
        for (int i = 1; i < operands.size(); i++) {
            List<Integer> right = new ArrayList<>(e.inputs.get(i));
            Tensor operand = e.diagonals(operands.get(i), right);
            Set<Integer> needed = new LinkedHashSet<>(e.output);
            e.inputs.subList(i + 1, operands.size()).forEach(needed::addAll);
            result = e.contract(result, labels, operand, right, needed);
        }
        return e.arrange(result, labels);
    }

    /// Takes the diagonal of axes that share a label.
    private Tensor diagonals(Tensor x, List<Integer> labels) {
        Tensor t = x;
        for (int i = 0; i < labels.size(); i++) {
            int j = labels.subList(i + 1, labels.size()).indexOf(labels.get(i));
            if (j >= 0) {
                t = t.diagonal(0, i, i + 1 + j);
                Integer label = labels.get(i);
                labels.remove(i + 1 + j);
                labels.remove(i);
                labels.add(label);
                i--;
            }
        }
        return t;
    }

    /// Contracts two operands over the labels that nothing else needs; `labels` becomes those of the result.
    private Tensor contract(Tensor a, List<Integer> labels, Tensor b, List<Integer> right, Set<Integer> needed) {
        List<Integer> batch = new ArrayList<>();
        List<Integer> sum = new ArrayList<>();
        List<Integer> onlyLeft = new ArrayList<>();
        List<Integer> onlyRight = new ArrayList<>();
        Tensor x = a;
        Tensor y = b;
        for (int l : List.copyOf(labels)) {
            if (!right.contains(l) && !needed.contains(l)) {
                x = x.sum(labels.indexOf(l));
                labels.remove((Integer) l);
            } else {
                (!right.contains(l) ? onlyLeft : needed.contains(l) ? batch : sum).add(l);
            }
        }
        for (int l : List.copyOf(right)) {
            if (!labels.contains(l) && !needed.contains(l)) {
                y = y.sum(right.indexOf(l));
                right.remove((Integer) l);
            } else if (!labels.contains(l)) {
                onlyRight.add(l);
            }
        }
        Tensor p = matrices(x, labels, batch, onlyLeft, sum);
        Tensor q = matrices(y, right, batch, sum, onlyRight);
        DType dtype = Promotion.of(p, q);
        Tensor product = p.to(dtype).matmul(q.to(dtype));
        labels.clear();
        labels.addAll(batch);
        labels.addAll(onlyLeft);
        labels.addAll(onlyRight);
        return product.reshape(Shape.of(labels.stream().mapToLong(extents::get).toArray()));
    }

    private Tensor matrices(
            Tensor x, List<Integer> labels, List<Integer> batch, List<Integer> rows, List<Integer> columns) {
        List<Integer> order = new ArrayList<>(batch);
        order.addAll(rows);
        order.addAll(columns);
        Tensor t = x.permute(order.stream().mapToInt(labels::indexOf).toArray());
        Shape full = Shape.of(order.stream().mapToLong(extents::get).toArray());
        int b = batch.size();
        int r = b + rows.size();
        return t.expand(full).reshape(Shape.of(
                full.slice(0, b).elements(), full.slice(b, r).elements(), full.slice(r, full.rank()).elements()));
    }

    private Tensor arrange(Tensor x, List<Integer> labels) {
        Tensor t = x;
        for (int l : List.copyOf(labels)) {
            if (!output.contains(l)) {
                t = t.sum(labels.indexOf(l));
                labels.remove((Integer) l);
            }
        }
        int[] order = output.stream().mapToInt(labels::indexOf).toArray();
        long[] dims = output.stream().mapToLong(extents::get).toArray();
        Tensor arranged = order.length == 0 || Arrays.equals(order, IntStream.range(0, order.length)
                .toArray()) ? t : t.permute(order);
        return arranged.expand(Shape.of(dims));
    }
}
