/// Runs of training as TensorBoard files, pictures and lines on a terminal.
module dev.tenon.report {
    exports dev.tenon.report;

    requires transitive dev.tenon.nn;
    requires static transitive org.jspecify;

    requires com.google.protobuf;
    requires me.tongfei.progressbar;
    requires transitive java.desktop;
    requires tensorflow.nativelib;
    requires xchart;
}
