/// The programs that the documentation shows; the tests compile and run them.
module dev.tenon.examples {
    requires dev.tenon.api;
    requires dev.tenon.data;
    requires dev.tenon.nn;
    requires static org.jspecify;
}
