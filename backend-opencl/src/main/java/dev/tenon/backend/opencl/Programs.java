package dev.tenon.backend.opencl;

import static org.jocl.CL.CL_PROGRAM_BINARIES;
import static org.jocl.CL.CL_PROGRAM_BINARY_SIZES;
import static org.jocl.CL.CL_PROGRAM_BUILD_LOG;
import static org.jocl.CL.clBuildProgram;
import static org.jocl.CL.clCreateProgramWithBinary;
import static org.jocl.CL.clCreateProgramWithSource;
import static org.jocl.CL.clGetProgramBuildInfo;
import static org.jocl.CL.clGetProgramInfo;
import static org.jocl.CL.clReleaseProgram;

import dev.tenon.api.BackendException;
import dev.tenon.kernel.BinaryCache;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_program;
import org.jspecify.annotations.Nullable;

/// A device's programs by their text: those used of late in memory, all of them on disk.
final class Programs {
    private static final int KEPT = 2048;

    private final cl_context context;
    private final DeviceFacts facts;
    private final Health health;
    private final String options;
    private final BinaryCache binaries;
    private int built;
    private final Map<String, cl_program> programs = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, cl_program> eldest) {
            if (size() <= KEPT) {
                return false;
            }
            // The kernels made of it keep it alive for as long as they need it.
            clReleaseProgram(eldest.getValue());
            return true;
        }
    };

    Programs(cl_context context, DeviceFacts facts, Health health, BinaryCache binaries) {
        this.context = context;
        this.facts = facts;
        this.health = health;
        this.binaries = binaries;
        this.options = facts.exactDivision() ? "-cl-fp32-correctly-rounded-divide-sqrt" : "";
    }

    /// What a function makes of the built program.
    ///
    /// @param name who wants it, for messages
    /// @throws BackendException if it does not build; the message holds the build log
    synchronized <T> T withProgram(String source, String name, Function<cl_program, T> use) {
        health.check();
        cl_program program = programs.get(source);
        try {
            if (program == null) {
                program = fromDisk(source);
                if (program == null) {
                    program = build(source, name);
                }
                programs.put(source, program);
            }
            return use.apply(program);
        } catch (CLException e) {
            throw health.failed("making a kernel for " + name, e);
        }
    }

    /// How many programs were compiled, and not found on disk.
    synchronized int built() {
        return built;
    }

    private String key(String source) {
        return String.join("\n", facts.identity(), options, source);
    }

    private @Nullable cl_program fromDisk(String source) {
        byte[] binary = binaries.read(key(source));
        if (binary == null) {
            return null;
        }
        cl_program program = null;
        try {
            int[] status = new int[1];
            cl_device_id[] devices = {facts.device()};
            program = clCreateProgramWithBinary(
                    context, 1, devices, new long[] {binary.length}, new byte[][] {binary}, status, null);
            clBuildProgram(program, 1, devices, options, null, null);
            return program;
        } catch (CLException e) {
            // A binary that this driver no longer takes: as if there were none.
            if (program != null) {
                clReleaseProgram(program);
            }
            return null;
        }
    }

    /// Compiles a program, with a second attempt: compilers that work through files, such as PoCL's, fail now and then
    /// while other processes compile.
    private cl_program build(String source, String name) {
        for (boolean again = true; ; again = false) {
            cl_program program = clCreateProgramWithSource(context, 1, new String[] {source}, null, null);
            try {
                clBuildProgram(program, 1, new cl_device_id[] {facts.device()}, options, null, null);
            } catch (CLException e) {
                String log = log(program);
                clReleaseProgram(program);
                if (again) {
                    continue;
                }
                throw new BackendException(health.device() + ": " + name + ": a kernel does not build: "
                        + Health.name(e) + "\n" + log
                        + "\nSource:\n" + source, e);
            }
            built++;
            if (binaries.isOn()) {
                binaries.write(key(source), binary(program));
            }
            return program;
        }
    }

    private String log(cl_program program) {
        long[] size = new long[1];
        clGetProgramBuildInfo(program, facts.device(), CL_PROGRAM_BUILD_LOG, 0, null, size);
        byte[] text = new byte[(int) size[0]];
        clGetProgramBuildInfo(program, facts.device(), CL_PROGRAM_BUILD_LOG, text.length, Pointer.to(text), null);
        return new String(text, StandardCharsets.UTF_8).replace("\0", "").strip();
    }

    private static byte[] binary(cl_program program) {
        long[] size = new long[1];
        clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, Sizeof.size_t, Pointer.to(size), null);
        ByteBuffer bytes = ByteBuffer.allocateDirect((int) size[0]);
        clGetProgramInfo(
                program, CL_PROGRAM_BINARIES, Sizeof.POINTER, Pointer.to(Pointer.to(bytes)), null);
        byte[] copy = new byte[bytes.capacity()];
        bytes.get(0, copy);
        return copy;
    }
}
