/// The OpenCL backend: GPUs and other devices of any vendor, through JOCL.
module dev.tenon.backend.opencl {
    requires dev.tenon.api;
    requires dev.tenon.kernel;
    requires jocl;
    requires static org.jspecify;

    provides dev.tenon.api.spi.BackendProvider with
            dev.tenon.backend.opencl.OpenClBackend;
}
