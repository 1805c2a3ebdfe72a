/// Datasets, samplers, loaders, transforms and tensor file formats.
module dev.tenon.data {
    exports dev.tenon.data;
    exports dev.tenon.data.download;
    exports dev.tenon.data.format;

    requires transitive dev.tenon.api;
    requires java.net.http;
    requires static transitive org.jspecify;
}
