package dev.tenon.nn.models;

import dev.tenon.api.Shape;
import dev.tenon.nn.Module;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/// The list of all models, by name.
final class Zoo {
    static final Map<String, ModelEntry> ALL;

    private static final Shape IMAGENET = Shape.of(3, 224, 224);
    private static final Shape CIFAR = Shape.of(3, 32, 32);
    private static final Shape MNIST = Shape.of(1, 28, 28);

    private final Map<String, ModelEntry> entries = new LinkedHashMap<>();

    private Zoo() {}

    static {
        Zoo zoo = new Zoo();
        zoo.lenet();
        zoo.vgg();
        zoo.googlenet();
        zoo.resnet();
        zoo.densenet();
        zoo.cifar();
        zoo.transformers();
        zoo.language();
        ALL = Collections.unmodifiableMap(zoo.entries);
    }

    /// @param fit reads off what the model must be fitted to, beside the classes, which the first axis of `head` counts
    private void add(String name, String paper, Shape input, int classes, int leastSize, String head,
            Function<ModelOptions, Module> maker, BiFunction<Weights, ModelOptions, ModelOptions> fit) {
        entries.put(name, new ModelEntry(name, paper, input, classes, leastSize, maker,
                w -> fit.apply(w, new ModelOptions().numClasses(w.extent(head, 0)))));
    }

    /// A model of images of any size from the least on, whose first convolution tells the channels.
    private void add(String name, String paper, Shape input, int classes, int leastSize, String stem, String head,
            Function<ModelOptions, Module> maker) {
        add(name, paper, input, classes, leastSize, head, maker, (w, o) -> o.inChannels(w.extent(stem, 1)));
    }

    private void lenet() {
        String paper = "LeCun et al., 1998";
        BiFunction<Weights, ModelOptions, ModelOptions> fit = (w, o) -> {
            // 16 maps of the images' size halved, less 4, halved.
            int edge = (int) Math.round(Math.sqrt(w.extent("fc1.weight", 1) / 16.0));
            return o.inChannels(w.extent("conv1.weight", 1)).imageSize(4 * edge + 8, 4 * edge + 8);
        };
        add("lenet5", paper, MNIST, 10, 0, "fc3.weight", o -> new LeNet5(LeNet5.Style.CLASSIC, o), fit);
        add("lenet5_modern", paper, MNIST, 10, 0, "fc3.weight", o -> new LeNet5(LeNet5.Style.MODERN, o), fit);
    }

    private void vgg() {
        add("alexnet", "Krizhevsky et al., 2012; Krizhevsky, 2014", IMAGENET, 1000, 63, "features.0.weight",
                "classifier.6.weight", AlexNet::new);
        for (boolean norm : new boolean[] {false, true}) {
            for (VGG.Depth depth : VGG.Depth.values()) {
                add(depth.name().toLowerCase(Locale.ROOT) + (norm ? "_bn" : ""), "Simonyan and Zisserman, 2015",
                        IMAGENET, 1000, 32, "features.0.weight", "classifier.6.weight", o -> new VGG(depth, norm, o));
            }
        }
    }

    private void googlenet() {
        for (boolean aux : new boolean[] {false, true}) {
            add(aux ? "googlenet_aux" : "googlenet", "Szegedy et al., 2015", IMAGENET, 1000, 15, "conv1.conv.weight",
                    "fc.weight", o -> new GoogLeNet(o, aux, false));
        }
    }

    private void resnet() {
        String deep = "He et al., 2016";
        resnet("resnet18", deep, ResNet.Architecture.basic(2, 2, 2, 2));
        resnet("resnet34", deep, ResNet.Architecture.basic(3, 4, 6, 3));
        resnet("resnet50", deep, ResNet.Architecture.bottleneck(3, 4, 6, 3));
        resnet("resnet101", deep, ResNet.Architecture.bottleneck(3, 4, 23, 3));
        resnet("resnet152", deep, ResNet.Architecture.bottleneck(3, 8, 36, 3));
        String wide = "Zagoruyko and Komodakis, 2016";
        resnet("wide_resnet50_2", wide, ResNet.Architecture.bottleneck(3, 4, 6, 3).groups(1, 128));
        resnet("wide_resnet101_2", wide, ResNet.Architecture.bottleneck(3, 4, 23, 3).groups(1, 128));
        String next = "Xie et al., 2017";
        resnet("resnext50_32x4d", next, ResNet.Architecture.bottleneck(3, 4, 6, 3).groups(32, 4));
        resnet("resnext101_32x8d", next, ResNet.Architecture.bottleneck(3, 4, 23, 3).groups(32, 8));
        resnet("resnext101_64x4d", next, ResNet.Architecture.bottleneck(3, 4, 23, 3).groups(64, 4));
    }

    private void resnet(String name, String paper, ResNet.Architecture a) {
        add(name, paper, IMAGENET, 1000, 1, "conv1.weight", "fc.weight", o -> new ResNet(a, o));
    }

    private void densenet() {
        densenet("densenet121", new DenseNet.Architecture(32, List.of(6, 12, 24, 16), 64, false));
        densenet("densenet161", new DenseNet.Architecture(48, List.of(6, 12, 36, 24), 96, false));
        densenet("densenet169", new DenseNet.Architecture(32, List.of(6, 12, 32, 32), 64, false));
        densenet("densenet201", new DenseNet.Architecture(32, List.of(6, 12, 48, 32), 64, false));
    }

    private void densenet(String name, DenseNet.Architecture a) {
        add(name, "Huang et al., 2017", a.smallImages() ? CIFAR : IMAGENET, a.smallImages() ? 10 : 1000,
                a.smallImages() ? 4 : 29, "features.conv0.weight", "classifier.weight", o -> new DenseNet(a, o));
    }

    private void cifar() {
        String paper = "He et al., 2016";
        ResNet.Architecture small = ResNet.Architecture.basic(2, 2, 2, 2).forSmallImages();
        add("resnet18_cifar", paper, CIFAR, 10, 1, "conv1.weight", "fc.weight",
                o -> new ResNet(small, o.numClasses(o.classes(10))));
        for (int depth : new int[] {20, 32, 44, 56, 110}) {
            add("resnet" + depth + "_cifar", paper, CIFAR, 10, 1, "conv1.weight", "fc.weight",
                    o -> new CifarResNet(depth, o));
        }
        densenet("densenet40_cifar", DenseNet.Architecture.cifar(40));
        densenet("densenet100_cifar", DenseNet.Architecture.cifar(100));
    }

    private void transformers() {
        vit("vit_b_16", new VisionTransformer.Architecture(16, 12, 12, 768, 3072));
        vit("vit_b_32", new VisionTransformer.Architecture(32, 12, 12, 768, 3072));
        vit("vit_l_16", new VisionTransformer.Architecture(16, 24, 16, 1024, 4096));
        vit("vit_l_32", new VisionTransformer.Architecture(32, 24, 16, 1024, 4096));
        vit("vit_h_14", new VisionTransformer.Architecture(14, 32, 16, 1280, 5120));
    }

    private void vit(String name, VisionTransformer.Architecture a) {
        add(name, "Dosovitskiy et al., 2021", IMAGENET, 1000, 0, "heads.head.weight",
                o -> new VisionTransformer(a, o), (w, o) -> {
                    int edge = (int) Math.round(Math.sqrt(w.extent("encoder.pos_embedding", 1) - 1)) * a.patch();
                    return o.inChannels(w.extent("conv_proj.weight", 1)).imageSize(edge, edge);
                });
    }

    private void language() {
        add("char_lstm", "Hochreiter and Schmidhuber, 1997; Graves, 2013", Shape.of(128), 65, 0, "head.weight",
                o -> new CharLSTM(new CharLSTM.Architecture(), o), (_, o) -> o);
        gpt("gpt_mini", new GPT.Architecture(65, 128, 4, 4, 128, 0.1));
        gpt("gpt2", new GPT.Architecture(50257, 1024, 12, 12, 768, 0.1));
        gpt("gpt2_medium", new GPT.Architecture(50257, 1024, 24, 16, 1024, 0.1));
        gpt("gpt2_large", new GPT.Architecture(50257, 1024, 36, 20, 1280, 0.1));
        gpt("gpt2_xl", new GPT.Architecture(50257, 1024, 48, 25, 1600, 0.1));
    }

    private void gpt(String name, GPT.Architecture a) {
        add(name, "Radford et al., 2019", Shape.of(a.context()), a.vocabulary(), 0, "wte.weight",
                o -> new GPT(a, o), (w, o) -> o.context(w.extent("wpe.weight", 0)));
    }
}
