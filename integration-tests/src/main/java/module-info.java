/// A JUnit 5 suite that a backend passes, and the reference backend it is held against.
module dev.tenon.tck {
    requires transitive dev.tenon.api;
    requires transitive org.junit.jupiter.api;
    requires transitive org.junit.jupiter.params;
    requires static transitive org.jspecify;

    exports dev.tenon.tck;
    exports dev.tenon.tck.math;
    exports dev.tenon.tck.reference;
    exports dev.tenon.tck.samples;

    uses dev.tenon.api.spi.GradientEngine;

    provides dev.tenon.api.spi.BackendProvider with
            dev.tenon.tck.reference.ReferenceBackend;
}
