/// The small core that everything else plugs into: tensors, the vocabulary of ops, dispatch, memory and the backend
/// SPI.
/// Depends on the JDK alone (the null annotations are a compile-time matter).
module dev.tenon.api {
    requires static transitive org.jspecify;

    exports dev.tenon.api;
    exports dev.tenon.api.linalg;
    exports dev.tenon.api.op;
    exports dev.tenon.api.spi;

    uses dev.tenon.api.spi.BackendProvider;
    uses dev.tenon.api.spi.GradientEngine;
}
