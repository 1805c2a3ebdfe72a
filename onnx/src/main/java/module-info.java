/// Models in the ONNX format, read and written.
module dev.tenon.onnx {
    requires transitive dev.tenon.api;
    requires transitive dev.tenon.graph;
    requires static transitive org.jspecify;
}
