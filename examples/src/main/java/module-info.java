/// The programs that the documentation shows; the tests compile and run them.
module dev.tenon.examples {
    exports dev.tenon.examples;

    requires transitive dev.tenon.api;
    requires transitive dev.tenon.autograd;
    requires dev.tenon.data;
    requires dev.tenon.graph;
    requires dev.tenon.nn;
    requires static transitive org.jspecify;
}
