/// Gradients of every op; found by the API through ServiceLoader.
module dev.tenon.autograd {
    requires dev.tenon.api;
    requires static org.jspecify;
}
