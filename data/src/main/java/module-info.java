/// Datasets, samplers, loaders, transforms and tensor file formats.
module dev.tenon.data {
    exports dev.tenon.data;
    exports dev.tenon.data.download;
    exports dev.tenon.data.format;
    exports dev.tenon.data.image;
    exports dev.tenon.data.text;
    exports dev.tenon.data.transform;

    requires transitive dev.tenon.api;
    requires java.net.http;
    requires transitive java.desktop;
    requires static transitive org.jspecify;
}
