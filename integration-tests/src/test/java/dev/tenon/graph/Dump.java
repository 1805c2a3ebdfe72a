package dev.tenon.graph;

import dev.tenon.api.*;
import dev.tenon.graph.pass.*;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.optim.*;
import java.util.*;

final class Dump {
    public static void main(String[] a) {
        Module m = switch (a[0]) { case "mlp" -> Nets.mlp(); case "lenet" -> Nets.leNet5(); case "resnet" -> Nets.resNet18();
            case "block" -> new dev.tenon.nn.Sequential(new Nets.Block(4, 8, 2), new dev.tenon.nn.layer.Flatten()); case "lstm" -> new Nets.Recurrent(); default -> new Nets.Transformer(); };
        Tensor x = switch (a[0]) { case "mlp" -> Tensors.randn(32, 784); case "lenet" -> Tensors.randn(32, 1, 28, 28);
            case "resnet" -> Tensors.randn(8, 3, 32, 32); case "block" -> Tensors.randn(2, 4, 8, 8); case "lstm" -> Tensors.randn(16, 4, 32); default -> Tensors.randn(8, 16, 64); };
        Graph g;
        if (a[1].equals("eval")) {
            m.eval();
            Module mm = m;
            g = Graphs.capture(t -> { try (var _ = Context.noGrad()) { return mm.call(t); } }, x);
        } else {
            SGD o = new SGD(m.parameters(), 0.1);
            Tensor y = Tensors.randint(0, 10, Shape.of(x.size(0)), Device.getDefault(), Generator.getDefault());
            g = Graphs.captureStep(in -> {
                o.zeroGrad();
                Tensor loss = ClassLosses.crossEntropy(m.call(in.get(0)), in.get(1));
                loss.backward();
                o.step();
                return List.of(loss.detach());
            }, List.of(x, y));
        }
        if (a.length > 2) System.out.println(g);
        var r = dev.tenon.graph.pass.Optimizer.standard().optimize(g);
        if (a.length > 2) System.out.println(r.graph());
        System.out.println(r.report());
        for (var p : r.report().passes()) { System.out.println(p.pass() + ": " + new HashSet<>(p.changes()).size()); }
    }
}
