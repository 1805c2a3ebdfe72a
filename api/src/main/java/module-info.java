/// Tensor, the op vocabulary, dispatch, memory and the interface a backend implements.
module dev.tenon.api {
    requires static org.jspecify;
}
