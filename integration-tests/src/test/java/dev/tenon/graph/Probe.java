package dev.tenon.graph;

import dev.tenon.api.*;
import java.util.*;

final class Probe {
    public static void main(String[] a) {
        Tensor base = Tensors.randn(14, 66);
        Tensor x = base.narrow(0, 0, 7).narrow(1, 3, 33);
        Graph g = Graphs.capture(t -> t.neg(), x);
        for (int i = 0; i < 3; i++) {
            System.out.println(g.run(x).getFirst().equal(x.neg()) + " " + x.type());
        }
        Tensor w = base.t().narrow(0, 0, 33);
        Graph h = Graphs.capture(t -> t.neg(), w);
        System.out.println(h.run(w).getFirst().equal(w.neg()) + " " + w.type());
    }
}
