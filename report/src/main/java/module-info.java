/// Runs of training as TensorBoard files and pictures.
module dev.tenon.report {
    requires transitive dev.tenon.nn;
    requires static transitive org.jspecify;
}
