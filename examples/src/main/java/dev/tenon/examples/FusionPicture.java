package dev.tenon.examples;

import dev.tenon.api.Context;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Graphs;
import dev.tenon.graph.draw.Picture;
import dev.tenon.graph.pass.Optimizer;
import dev.tenon.graph.pass.Optimizer.Optimized;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the passes do to a small network, in two pictures: each convolution, its batch normalisation and its ReLU are
/// three ops before and one after.
public final class FusionPicture {
    private FusionPicture() {}

    /// Draws `graph-before` and `graph-after`, as PNG and SVG, into the folder that is given, by default the present
    /// one, and prints both graphs and what each pass did.
    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args.length > 0 ? args[0] : "."));
        Sequential model = new Sequential(new Conv2d(3, 16, 3, 1, 1), new ReLU(), new MaxPool2d(2),
                new Conv2d(16, 32, 3, 1, 1), new BatchNorm2d(32), new ReLU(), new MaxPool2d(2), new Flatten(),
                new Linear(2048, 10), new ReLU());
        model.eval();
        Graph before = Graphs.capture(x -> Context.noGrad(() -> model.call(x)), Tensors.randn(8, 3, 32, 32));
        Optimized optimized = Optimizer.standard().optimize(before);
        draw(before, folder, "graph-before");
        draw(optimized.graph(), folder, "graph-after");
        System.out.println(before);
        System.out.println(optimized.graph());
        System.out.println(optimized.report());
    }

    private static void draw(Graph g, Path folder, String name) throws IOException {
        Picture picture = Picture.of(g);
        picture.writeSvg(folder.resolve(name + ".svg"));
        picture.writePng(folder.resolve(name + ".png"), 1.5);
    }
}
