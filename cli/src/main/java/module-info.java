/// The tenon command.
module dev.tenon.cli {
    requires com.fasterxml.jackson.core;
    requires dev.tenon.api;
    requires dev.tenon.data;
    requires dev.tenon.nn;
    requires info.picocli;
    requires me.tongfei.progressbar;
    requires xchart;
    requires static org.jspecify;
}
