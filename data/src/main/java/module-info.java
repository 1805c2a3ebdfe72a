/// Datasets, samplers, loaders, transforms and tensor file formats.
module dev.tenon.data {
    requires transitive dev.tenon.api;
    requires static org.jspecify;
}
