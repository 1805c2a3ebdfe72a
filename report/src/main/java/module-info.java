/// Runs of training as TensorBoard files and pictures.
module dev.tenon.report {
    exports dev.tenon.report;

    requires transitive dev.tenon.nn;
    requires static transitive org.jspecify;

    requires com.google.protobuf;
    requires transitive java.desktop;
    requires tensorflow.nativelib;
    requires xchart;
}
