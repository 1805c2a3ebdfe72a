/// Models in the ONNX format, read and written.
module dev.tenon.onnx {
    requires com.google.protobuf;
    requires dev.tenon.data;
    requires transitive dev.tenon.api;
    requires transitive dev.tenon.graph;
    requires org.tribuo.util.onnx;
    requires static transitive org.jspecify;

    exports dev.tenon.onnx;
    exports dev.tenon.onnx.export;
}
