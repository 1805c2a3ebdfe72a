/// Programs captured as graphs: optimised, planned, drawn and run.
module dev.tenon.graph {
    requires transitive dev.tenon.api;
    requires dev.tenon.autograd;
    requires static jdk.jfr;
    requires static transitive org.jspecify;

    exports dev.tenon.graph;
}
