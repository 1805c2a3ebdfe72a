package dev.tenon.graph;

import dev.tenon.api.*;
import dev.tenon.graph.draw.*;
import dev.tenon.graph.pass.*;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.optim.*;
import java.nio.file.*;
import java.util.*;

final class Draw {
    static Map<String, Tensor> named(Module m) { Map<String, Tensor> t = new HashMap<>(); m.namedParameters().forEach((k, v) -> t.put(k, v.get())); return t; }
    public static void main(String[] a) throws Exception {
        Module r = Nets.resNet18(); r.eval();
        Graph g = Graphs.capture(t -> Context.noGrad(() -> r.call(t)), Tensors.randn(8, 3, 32, 32));
        Picture.of(g).writePng(Path.of("/tmp/pic/resnet.png"), 1);
        Picture.of(g.optimized()).writePng(Path.of("/tmp/pic/resnet-opt.png"), 1);
        Module t = new Nets.Transformer();
        Graph h = Graphs.capture(x -> Context.noGrad(() -> t.eval().call(x)), Tensors.randn(8, 16, 64));
        Picture.of(h).writePng(Path.of("/tmp/pic/transformer.png"), 1);
        Module m = Nets.leNet5();
        SGD o = new SGD(m.parameters(), 0.1);
        Tensor x = Tensors.randn(8, 1, 28, 28);
        Tensor y = Tensors.randint(0, 10, Shape.of(8), Device.getDefault(), Generator.getDefault());
        Graph s = Graphs.captureStep(in -> {
            o.zeroGrad();
            Tensor loss = ClassLosses.crossEntropy(m.call(in.get(0)), in.get(1));
            loss.backward();
            o.step();
            return List.of(loss.detach());
        }, List.of(x, y)).optimized();
        Picture.of(s).writePng(Path.of("/tmp/pic/step.png"), 1);
        Picture.ofHistory(ClassLosses.crossEntropy(m.call(x), y), named(m)).writePng(Path.of("/tmp/pic/history.png"), 1);
        Files.writeString(Path.of("/tmp/pic/step.dot"), s.toDot());
        Graph w = Graphs.capture(v -> Graphs.cond(v.sum(), () -> v.mul(2).relu(), () -> v.neg()), Tensors.randn(3));
        Picture.of(w).writePng(Path.of("/tmp/pic/cond.png"), 1);
    }
}
