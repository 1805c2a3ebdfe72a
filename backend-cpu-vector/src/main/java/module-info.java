/// The CPU backend: Vector API kernels, and a scalar path where that module is absent.
module dev.tenon.backend.cpu {
    requires dev.tenon.api;
    // Hard, not static: on the module path this alone resolves the incubator module, with no flag on the command line.
    // On the class path module descriptors are not read, the module may be absent, and the backend takes its scalar path.
    requires jdk.incubator.vector;
    requires static org.jspecify;
}
