package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Finds the CUDA devices of this machine, whatever state its installation is in.
final class Discovery {
    /// The oldest driver that will do, by the version of CUDA that it knows.
    static final int OLDEST = 12000;

    /// The driver and its usable devices, or why there are none; `reason` may also be a remark on those found.
    record Result(@Nullable Driver driver, List<DeviceFacts> devices, String reason) {}

    private Discovery() {}

    private static final class Holder {
        static final Result RESULT = search();
    }

    /// The devices; searched for once.
    static Result find() {
        return Holder.RESULT;
    }

    private static Result search() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        if (!os.startsWith("windows") && !os.startsWith("linux")) {
            return none("there is no CUDA for this system");
        }
        String library = os.startsWith("windows") ? "nvcuda.dll" : "libcuda.so.1";
        int version = driverVersion(library);
        if (version <= 0) {
            return none("no NVIDIA driver: " + library + (version < 0 ? " cannot be loaded" : " tells no version"));
        }
        if (version < OLDEST) {
            return none(tooOld(version));
        }
        try {
            JCudaNatives.place();
        } catch (IOException e) {
            return none("JCuda's native part cannot be loaded: " + e.getMessage());
        }
        return search(JCudaDriverCalls::new, Nvrtc.find().compiler() != null, Nvrtc.find().reason());
    }

    /// The devices of a driver.
    ///
    /// @param start starts the driver
    /// @param compiles whether kernels can be compiled
    /// @param reason why they cannot
    static Result search(Supplier<Driver> start, boolean compiles, String reason) {
        Driver driver;
        int count;
        try {
            driver = start.get();
            int version = driver.version();
            if (version < OLDEST) {
                return none(tooOld(version));
            }
            count = driver.deviceCount();
        } catch (DriverException e) {
            return none("the driver does not start: " + e.getMessage());
        } catch (LinkageError e) {
            String message = e.getMessage() == null ? e.toString() : e.getMessage();
            return none("JCuda's native part cannot be loaded: " + message.lines().findFirst().orElse(""));
        }
        if (!compiles) {
            return none("there are " + count + " devices, but nothing to compile kernels with: " + reason);
        }
        List<DeviceFacts> devices = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            try {
                devices.add(DeviceFacts.of(driver, i));
            } catch (DriverException e) {
                remarks.add("device " + i + ": " + e.getMessage());
                break;
            }
        }
        if (count == 0) {
            remarks.add("the driver has no devices (is CUDA_VISIBLE_DEVICES set?)");
        }
        return new Result(driver, List.copyOf(devices), String.join("; ", remarks));
    }

    private static String tooOld(int version) {
        return "the driver knows CUDA " + version / 1000 + "." + version % 1000 / 10 + ", and "
                + OLDEST / 1000 + "." + OLDEST % 1000 / 10 + " is needed: install a newer driver";
    }

    private static Result none(String reason) {
        return new Result(null, List.of(), reason);
    }

    /// What the driver's library says without being started: -1 where there is none, 0 where it does not say.
    // Looking whether there is native code to call.
    @SuppressWarnings("restricted")
    private static int driverVersion(String library) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup symbols = SymbolLookup.libraryLookup(library, arena);
            MemorySegment function = symbols.find("cuDriverGetVersion").orElse(MemorySegment.NULL);
            if (function.equals(MemorySegment.NULL)) {
                return 0;
            }
            MemorySegment version = arena.allocate(JAVA_INT);
            int code = (int) NativeLibrary.call(Linker.nativeLinker()
                    .downcallHandle(function, FunctionDescriptor.of(JAVA_INT, ADDRESS)), version);
            return code == 0 ? version.get(JAVA_INT, 0) : 0;
        } catch (IllegalArgumentException e) {
            // The loader does not find it.
            return -1;
        }
    }
}
