/// Programs captured as graphs: optimised, planned, drawn and run.
module dev.tenon.graph {
    requires transitive dev.tenon.api;
    requires dev.tenon.autograd;
    requires static jdk.jfr;
    // Pictures as PNG alone.
    requires static java.desktop;
    requires static transitive org.jspecify;

    exports dev.tenon.graph;
    exports dev.tenon.graph.draw;
    exports dev.tenon.graph.pass;
}
