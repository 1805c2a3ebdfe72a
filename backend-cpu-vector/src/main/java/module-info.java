/// The CPU backend: Vector API kernels, and a scalar path where that module is absent.
module dev.tenon.backend.cpu {
    requires dev.tenon.api;
    // Hard, not static: on the module path this alone resolves the incubator module, with no flag on the command
    // line. On the class path descriptors are not read, the module may be absent, and the backend then takes its
    // scalar path.
    requires jdk.incubator.vector;
    // The size of the machine's memory.
    requires java.management;
    requires jdk.management;
    requires static org.jspecify;

    provides dev.tenon.api.spi.BackendProvider with
            dev.tenon.backend.cpu.CpuBackendProvider;
}
