/// Gradients of every op; found by the API through ServiceLoader.
module dev.tenon.autograd {
    requires transitive dev.tenon.api;
    requires static transitive org.jspecify;

    exports dev.tenon.autograd;

    provides dev.tenon.api.spi.GradientEngine with dev.tenon.autograd.Engine;
}
