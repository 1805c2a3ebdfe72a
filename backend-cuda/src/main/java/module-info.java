/// The CUDA backend: NVIDIA GPUs, through JCuda and CUDA's own libraries.
module dev.tenon.backend.cuda {
    requires dev.tenon.api;
    requires dev.tenon.kernel;
    requires jcuda;
    requires static org.jspecify;

    provides dev.tenon.api.spi.BackendProvider with
            dev.tenon.backend.cuda.CudaBackend;
}
