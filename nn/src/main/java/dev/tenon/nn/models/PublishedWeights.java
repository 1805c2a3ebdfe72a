package dev.tenon.nn.models;

import dev.tenon.data.download.Checksum;
import dev.tenon.data.download.Downloader;
import java.io.IOException;
import java.net.URI;

/// The weights that torchvision publishes for the models of the zoo, trained on ImageNet-1K (`V1`, and `V2` by a later
/// recipe), or on more and then tuned on it (`SWAG`). Nothing is fetched unless [#download()] is called.
///
/// ```java
/// ResNet net = Models.resnet50(PublishedWeights.RESNET50_V2.download());
/// ```
///
/// Images are `[n, 3, height, width]` from 0 to 1, normalised by the means 0.485, 0.456, 0.406 and the deviations
/// 0.229, 0.224, 0.225.
public enum PublishedWeights {
    ALEXNET_V1("alexnet", "alexnet-owt-7be5be79.pth"),
    VGG11_V1("vgg11", "vgg11-8a719046.pth"),
    VGG11_BN_V1("vgg11_bn", "vgg11_bn-6002323d.pth"),
    VGG13_V1("vgg13", "vgg13-19584684.pth"),
    VGG13_BN_V1("vgg13_bn", "vgg13_bn-abd245e5.pth"),
    VGG16_V1("vgg16", "vgg16-397923af.pth"),
    VGG16_BN_V1("vgg16_bn", "vgg16_bn-6c64b313.pth"),
    VGG19_V1("vgg19", "vgg19-dcbb9e9d.pth"),
    VGG19_BN_V1("vgg19_bn", "vgg19_bn-c79401a0.pth"),
    GOOGLENET_V1("googlenet", "googlenet-1378be20.pth"),
    RESNET18_V1("resnet18", "resnet18-f37072fd.pth"),
    RESNET34_V1("resnet34", "resnet34-b627a593.pth"),
    RESNET50_V1("resnet50", "resnet50-0676ba61.pth"),
    RESNET50_V2("resnet50", "resnet50-11ad3fa6.pth"),
    RESNET101_V1("resnet101", "resnet101-63fe2227.pth"),
    RESNET101_V2("resnet101", "resnet101-cd907fc2.pth"),
    RESNET152_V1("resnet152", "resnet152-394f9c45.pth"),
    RESNET152_V2("resnet152", "resnet152-f82ba261.pth"),
    RESNEXT50_32X4D_V1("resnext50_32x4d", "resnext50_32x4d-7cdf4587.pth"),
    RESNEXT50_32X4D_V2("resnext50_32x4d", "resnext50_32x4d-1a0047aa.pth"),
    RESNEXT101_32X8D_V1("resnext101_32x8d", "resnext101_32x8d-8ba56ff5.pth"),
    RESNEXT101_32X8D_V2("resnext101_32x8d", "resnext101_32x8d-110c445d.pth"),
    RESNEXT101_64X4D_V1("resnext101_64x4d", "resnext101_64x4d-173b62eb.pth"),
    WIDE_RESNET50_2_V1("wide_resnet50_2", "wide_resnet50_2-95faca4d.pth"),
    WIDE_RESNET50_2_V2("wide_resnet50_2", "wide_resnet50_2-9ba9bcbe.pth"),
    WIDE_RESNET101_2_V1("wide_resnet101_2", "wide_resnet101_2-32ee1156.pth"),
    WIDE_RESNET101_2_V2("wide_resnet101_2", "wide_resnet101_2-d733dc28.pth"),
    DENSENET121_V1("densenet121", "densenet121-a639ec97.pth"),
    DENSENET161_V1("densenet161", "densenet161-8d451a50.pth"),
    DENSENET169_V1("densenet169", "densenet169-b2777c0a.pth"),
    DENSENET201_V1("densenet201", "densenet201-c1103571.pth"),
    VIT_B_16_V1("vit_b_16", "vit_b_16-c867db91.pth"),
    VIT_B_16_SWAG_E2E_V1("vit_b_16", "vit_b_16_swag-9ac1b537.pth"),
    VIT_B_16_SWAG_LINEAR_V1("vit_b_16", "vit_b_16_lc_swag-4e70ced5.pth"),
    VIT_B_32_V1("vit_b_32", "vit_b_32-d86f8d99.pth"),
    VIT_L_16_V1("vit_l_16", "vit_l_16-852ce7e3.pth"),
    VIT_L_16_SWAG_E2E_V1("vit_l_16", "vit_l_16_swag-4f3808c9.pth"),
    VIT_L_16_SWAG_LINEAR_V1("vit_l_16", "vit_l_16_lc_swag-4d563306.pth"),
    VIT_L_32_V1("vit_l_32", "vit_l_32-c7638314.pth"),
    VIT_H_14_SWAG_E2E_V1("vit_h_14", "vit_h_14_swag-80465313.pth"),
    VIT_H_14_SWAG_LINEAR_V1("vit_h_14", "vit_h_14_lc_swag-c1eb923e.pth");

    private static final String FOLDER = "https://download.pytorch.org/models/";

    private final String model;
    private final String file;

    PublishedWeights(String model, String file) {
        this.model = model;
        this.file = file;
    }

    /// The name of the model that they are for.
    public String model() {
        return model;
    }

    /// Where they are.
    public URI source() {
        return URI.create(FOLDER + file);
    }

    /// The beginning of the file's SHA-256, which its name ends with.
    public String checksum() {
        return file.substring(file.lastIndexOf('-') + 1, file.lastIndexOf('.'));
    }

    /// Fetches the file into the [usual folder][Downloader#cacheFolder()] unless it is there already.
    ///
    /// @throws IOException if it cannot be fetched or written, or is another than expected
    public Weights download() throws IOException {
        return download(new Downloader());
    }

    /// Fetches the file into a downloader's folder unless it is there already.
    ///
    /// @throws IOException if it cannot be fetched or written, or is another than expected
    public Weights download(Downloader downloader) throws IOException {
        return Weights.of(downloader.cached(source(), new Checksum(checksum())));
    }
}
