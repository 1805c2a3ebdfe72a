/// The tenon command.
module dev.tenon.cli {
    requires com.fasterxml.jackson.core;
    requires dev.tenon.api;
    requires dev.tenon.data;
    requires dev.tenon.nn;
    requires dev.tenon.onnx;
    requires dev.tenon.report;
    requires info.picocli;
    requires java.management;
    requires jdk.management;
    requires me.tongfei.progressbar;
    requires static org.jspecify;

    // picocli fills the annotated fields of a command.
    opens dev.tenon.cli to
        info.picocli;
}
