package dev.tenon.backend.cpu;

/// Whether the Vector API may be used: its module is in the boot layer and `-Dtenon.cpu.vector=false` is not set.
public final class VectorSupport {

    /// True if vector kernels may be loaded.
    public static final boolean AVAILABLE = !"false".equals(System.getProperty("tenon.cpu.vector"))
            && ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

    private VectorSupport() {}
}
