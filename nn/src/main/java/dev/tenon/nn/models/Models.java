package dev.tenon.nn.models;

import dev.tenon.nn.Module;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/// The model zoo.
///
/// ```java
/// ResNet fresh = Models.resnet18(10);                                   // random numbers, 10 classes
/// ResNet trained = Models.resnet101(Weights.of(path));                  // torchvision's file, or one of your own
/// Module grey = Models.create("densenet40_cifar", new ModelOptions().inChannels(1));
/// Models.all().forEach((name, entry) -> IO.println(name + ": " + entry.paper()));
/// ```
///
/// Names, shapes and first values of parameters are those of torchvision 0.14 where it has the model, so that its
/// published files load by name. Networks are in training mode at first, as all modules: call `eval()` before use.
public final class Models {
    private Models() {}

    // --- by name

    /// All models by name.
    public static Map<String, ModelEntry> all() {
        return Zoo.ALL;
    }

    /// The names of all models.
    public static List<String> names() {
        return List.copyOf(Zoo.ALL.keySet());
    }

    /// A model's entry.
    ///
    /// @throws IllegalArgumentException if there is no such model; the message lists all
    public static ModelEntry entry(String name) {
        ModelEntry e = Zoo.ALL.get(name);
        if (e == null) {
            throw new IllegalArgumentException("no model \"" + name + "\"; there are "
                    + String.join(", ", Zoo.ALL.keySet()));
        }
        return e;
    }

    /// A model with its usual number of classes and random numbers for parameters.
    ///
    /// @throws IllegalArgumentException if there is no such model
    public static Module create(String name) {
        return create(name, new ModelOptions());
    }

    /// A model with random numbers for parameters.
    ///
    /// @param numClasses how many classes; of a language model, how many symbols
    /// @throws IllegalArgumentException if there is no such model
    public static Module create(String name, int numClasses) {
        return create(name, new ModelOptions().numClasses(numClasses));
    }

    /// A model with random numbers for parameters.
    ///
    /// @throws IllegalArgumentException if there is no such model, or it cannot be fitted to the options
    public static Module create(String name, ModelOptions options) {
        return entry(name).create(options);
    }

    /// A model with trained weights, which also tell its number of classes and other sizes.
    ///
    /// @throws IOException if the file cannot be read
    /// @throws IllegalArgumentException if there is no such model, or names or shapes do not fit; the message lists all
    public static Module create(String name, Weights weights) throws IOException {
        return entry(name).create(weights);
    }

    // --- torchvision's models. Those with weights throw IOException if the file cannot be read, and
    // IllegalArgumentException if names or shapes do not fit.

    /// AlexNet.
    public static AlexNet alexnet(int numClasses) {
        return (AlexNet) create("alexnet", numClasses);
    }

    /// AlexNet with trained weights.
    public static AlexNet alexnet(Weights weights) throws IOException {
        return (AlexNet) create("alexnet", weights);
    }

    /// VGG-11.
    public static VGG vgg11(int numClasses) {
        return (VGG) create("vgg11", numClasses);
    }

    /// VGG-11 with trained weights.
    public static VGG vgg11(Weights weights) throws IOException {
        return (VGG) create("vgg11", weights);
    }

    /// VGG-13.
    public static VGG vgg13(int numClasses) {
        return (VGG) create("vgg13", numClasses);
    }

    /// VGG-13 with trained weights.
    public static VGG vgg13(Weights weights) throws IOException {
        return (VGG) create("vgg13", weights);
    }

    /// VGG-16.
    public static VGG vgg16(int numClasses) {
        return (VGG) create("vgg16", numClasses);
    }

    /// VGG-16 with trained weights.
    public static VGG vgg16(Weights weights) throws IOException {
        return (VGG) create("vgg16", weights);
    }

    /// VGG-19.
    public static VGG vgg19(int numClasses) {
        return (VGG) create("vgg19", numClasses);
    }

    /// VGG-19 with trained weights.
    public static VGG vgg19(Weights weights) throws IOException {
        return (VGG) create("vgg19", weights);
    }

    /// VGG-11 with batch normalisation.
    public static VGG vgg11Bn(int numClasses) {
        return (VGG) create("vgg11_bn", numClasses);
    }

    /// VGG-11 with batch normalisation with trained weights.
    public static VGG vgg11Bn(Weights weights) throws IOException {
        return (VGG) create("vgg11_bn", weights);
    }

    /// VGG-13 with batch normalisation.
    public static VGG vgg13Bn(int numClasses) {
        return (VGG) create("vgg13_bn", numClasses);
    }

    /// VGG-13 with batch normalisation with trained weights.
    public static VGG vgg13Bn(Weights weights) throws IOException {
        return (VGG) create("vgg13_bn", weights);
    }

    /// VGG-16 with batch normalisation.
    public static VGG vgg16Bn(int numClasses) {
        return (VGG) create("vgg16_bn", numClasses);
    }

    /// VGG-16 with batch normalisation with trained weights.
    public static VGG vgg16Bn(Weights weights) throws IOException {
        return (VGG) create("vgg16_bn", weights);
    }

    /// VGG-19 with batch normalisation.
    public static VGG vgg19Bn(int numClasses) {
        return (VGG) create("vgg19_bn", numClasses);
    }

    /// VGG-19 with batch normalisation with trained weights.
    public static VGG vgg19Bn(Weights weights) throws IOException {
        return (VGG) create("vgg19_bn", weights);
    }

    /// GoogLeNet.
    public static GoogLeNet googlenet(int numClasses) {
        return (GoogLeNet) create("googlenet", numClasses);
    }

    /// GoogLeNet with trained weights, as torchvision's `pretrained=True`: the input is transformed as the published
    /// weights want it, and auxiliary classifiers in the file are left out. For weights of a network without the
    /// transformation take `create("googlenet", weights)`.
    ///
    /// @throws IOException if the file cannot be read
    public static GoogLeNet googlenet(Weights weights) throws IOException {
        var entry = entry("googlenet");
        return (GoogLeNet) new ModelEntry(entry.name(), entry.paper(), entry.input(), entry.numClasses(),
                entry.leastSize(), o -> new GoogLeNet(o, false, true), entry.fit()).create(weights);
    }

    /// ResNet-18.
    public static ResNet resnet18(int numClasses) {
        return (ResNet) create("resnet18", numClasses);
    }

    /// ResNet-18 with trained weights.
    public static ResNet resnet18(Weights weights) throws IOException {
        return (ResNet) create("resnet18", weights);
    }

    /// ResNet-34.
    public static ResNet resnet34(int numClasses) {
        return (ResNet) create("resnet34", numClasses);
    }

    /// ResNet-34 with trained weights.
    public static ResNet resnet34(Weights weights) throws IOException {
        return (ResNet) create("resnet34", weights);
    }

    /// ResNet-50.
    public static ResNet resnet50(int numClasses) {
        return (ResNet) create("resnet50", numClasses);
    }

    /// ResNet-50 with trained weights.
    public static ResNet resnet50(Weights weights) throws IOException {
        return (ResNet) create("resnet50", weights);
    }

    /// ResNet-101.
    public static ResNet resnet101(int numClasses) {
        return (ResNet) create("resnet101", numClasses);
    }

    /// ResNet-101 with trained weights.
    public static ResNet resnet101(Weights weights) throws IOException {
        return (ResNet) create("resnet101", weights);
    }

    /// ResNet-152.
    public static ResNet resnet152(int numClasses) {
        return (ResNet) create("resnet152", numClasses);
    }

    /// ResNet-152 with trained weights.
    public static ResNet resnet152(Weights weights) throws IOException {
        return (ResNet) create("resnet152", weights);
    }

    /// Wide ResNet-50-2.
    public static ResNet wideResnet50_2(int numClasses) {
        return (ResNet) create("wide_resnet50_2", numClasses);
    }

    /// Wide ResNet-50-2 with trained weights.
    public static ResNet wideResnet50_2(Weights weights) throws IOException {
        return (ResNet) create("wide_resnet50_2", weights);
    }

    /// Wide ResNet-101-2.
    public static ResNet wideResnet101_2(int numClasses) {
        return (ResNet) create("wide_resnet101_2", numClasses);
    }

    /// Wide ResNet-101-2 with trained weights.
    public static ResNet wideResnet101_2(Weights weights) throws IOException {
        return (ResNet) create("wide_resnet101_2", weights);
    }

    /// ResNeXt-50 32x4d.
    public static ResNet resnext50_32x4d(int numClasses) {
        return (ResNet) create("resnext50_32x4d", numClasses);
    }

    /// ResNeXt-50 32x4d with trained weights.
    public static ResNet resnext50_32x4d(Weights weights) throws IOException {
        return (ResNet) create("resnext50_32x4d", weights);
    }

    /// ResNeXt-101 32x8d.
    public static ResNet resnext101_32x8d(int numClasses) {
        return (ResNet) create("resnext101_32x8d", numClasses);
    }

    /// ResNeXt-101 32x8d with trained weights.
    public static ResNet resnext101_32x8d(Weights weights) throws IOException {
        return (ResNet) create("resnext101_32x8d", weights);
    }

    /// ResNeXt-101 64x4d.
    public static ResNet resnext101_64x4d(int numClasses) {
        return (ResNet) create("resnext101_64x4d", numClasses);
    }

    /// ResNeXt-101 64x4d with trained weights.
    public static ResNet resnext101_64x4d(Weights weights) throws IOException {
        return (ResNet) create("resnext101_64x4d", weights);
    }

    /// DenseNet-121.
    public static DenseNet densenet121(int numClasses) {
        return (DenseNet) create("densenet121", numClasses);
    }

    /// DenseNet-121 with trained weights.
    public static DenseNet densenet121(Weights weights) throws IOException {
        return (DenseNet) create("densenet121", weights);
    }

    /// DenseNet-161.
    public static DenseNet densenet161(int numClasses) {
        return (DenseNet) create("densenet161", numClasses);
    }

    /// DenseNet-161 with trained weights.
    public static DenseNet densenet161(Weights weights) throws IOException {
        return (DenseNet) create("densenet161", weights);
    }

    /// DenseNet-169.
    public static DenseNet densenet169(int numClasses) {
        return (DenseNet) create("densenet169", numClasses);
    }

    /// DenseNet-169 with trained weights.
    public static DenseNet densenet169(Weights weights) throws IOException {
        return (DenseNet) create("densenet169", weights);
    }

    /// DenseNet-201.
    public static DenseNet densenet201(int numClasses) {
        return (DenseNet) create("densenet201", numClasses);
    }

    /// DenseNet-201 with trained weights.
    public static DenseNet densenet201(Weights weights) throws IOException {
        return (DenseNet) create("densenet201", weights);
    }

    /// ViT-B/16.
    public static VisionTransformer vitB_16(int numClasses) {
        return (VisionTransformer) create("vit_b_16", numClasses);
    }

    /// ViT-B/16 with trained weights.
    public static VisionTransformer vitB_16(Weights weights) throws IOException {
        return (VisionTransformer) create("vit_b_16", weights);
    }

    /// ViT-B/32.
    public static VisionTransformer vitB_32(int numClasses) {
        return (VisionTransformer) create("vit_b_32", numClasses);
    }

    /// ViT-B/32 with trained weights.
    public static VisionTransformer vitB_32(Weights weights) throws IOException {
        return (VisionTransformer) create("vit_b_32", weights);
    }

    /// ViT-L/16.
    public static VisionTransformer vitL_16(int numClasses) {
        return (VisionTransformer) create("vit_l_16", numClasses);
    }

    /// ViT-L/16 with trained weights.
    public static VisionTransformer vitL_16(Weights weights) throws IOException {
        return (VisionTransformer) create("vit_l_16", weights);
    }

    /// ViT-L/32.
    public static VisionTransformer vitL_32(int numClasses) {
        return (VisionTransformer) create("vit_l_32", numClasses);
    }

    /// ViT-L/32 with trained weights.
    public static VisionTransformer vitL_32(Weights weights) throws IOException {
        return (VisionTransformer) create("vit_l_32", weights);
    }

    /// ViT-H/14.
    public static VisionTransformer vitH_14(int numClasses) {
        return (VisionTransformer) create("vit_h_14", numClasses);
    }

    /// ViT-H/14 with trained weights.
    public static VisionTransformer vitH_14(Weights weights) throws IOException {
        return (VisionTransformer) create("vit_h_14", weights);
    }

    // --- others

    /// LeNet-5 in the style of the paper; `create("lenet5_modern")` is the one with ReLU.
    public static LeNet5 lenet5(int numClasses) {
        return (LeNet5) create("lenet5", numClasses);
    }

    /// GPT-2 with its 124 million parameters.
    public static GPT gpt2(int vocabulary) {
        return (GPT) create("gpt2", vocabulary);
    }

    /// GPT-2 with trained weights.
    public static GPT gpt2(Weights weights) throws IOException {
        return (GPT) create("gpt2", weights);
    }
}
