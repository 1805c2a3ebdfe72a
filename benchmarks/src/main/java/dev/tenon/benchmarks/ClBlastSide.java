package dev.tenon.benchmarks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Random;

/// Matrix products by CLBlast, the tuned BLAS for OpenCL, on an OpenCL device, in the form in which Tenon's are timed:
/// operands on the device, a result in memory that is kept, and the device waited for.
///
/// The library is the system's (Debian's `libclblast1`), called without any glue in C.
final class ClBlastSide implements Side {
    private static final int ROW_MAJOR = 101;
    private static final int NOT_TRANSPOSED = 111;

    private final Arena arena = Arena.ofShared();
    private final OpenClCalls cl;
    private final NativeCall sgemm;
    private final String device;

    /// @param device its number as Tenon counts them, `opencl:1` for example; `opencl` and `default` are the first
    ClBlastSide(String device) {
        this.device = device.matches("opencl|default") ? "opencl:0" : device;
        if (!this.device.matches("opencl:\\d+")) {
            throw new IllegalArgumentException("CLBlast on " + device + ": give --device opencl:0, or another number");
        }
        this.cl = new OpenClCalls(arena, Integer.parseInt(this.device.substring("opencl:".length())));
        this.sgemm = NativeCall.of(arena, "CLBlast (Debian: apt install libclblast1)",
            new String[] {"libclblast.so.1", "libclblast.so", "libclblast.dylib", "clblast.dll"}, "CLBlastSgemm",
            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_FLOAT, ADDRESS, JAVA_LONG,
            JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_FLOAT, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);
    }

    @Override
    public String describe() {
        return "CLBlast on " + device + ", " + cl.deviceName();
    }

    @Override
    public Optional<Work> prepare(BenchCase c) {
        if (!c.kind().equals("matmul")) {
            return Optional.empty();
        }
        long m = c.dim(0);
        long k = c.dim(1);
        long n = c.dim(2);
        MemorySegment a = cl.buffer(random(m * k));
        MemorySegment b = cl.buffer(random(k * n));
        MemorySegment y = cl.buffer(new float[Math.toIntExact(m * n)]);
        MemorySegment queue = arena.allocate(ADDRESS);
        queue.set(ADDRESS, 0, cl.queue());
        return Optional.of(new Work() {
            @Override
            public void run() {
                int status = (int) sgemm.call(ROW_MAJOR, NOT_TRANSPOSED, NOT_TRANSPOSED, m, n, k, 1f, a, 0L, k, b, 0L,
                    n, 0f, y, 0L, n, queue, MemorySegment.NULL);
                if (status != 0) {
                    throw new IllegalStateException("CLBlastSgemm of " + m + " x " + k + " x " + n + ": status "
                        + status);
                }
                cl.finish();
            }

            @Override
            public void close() {
                cl.release(a);
                cl.release(b);
                cl.release(y);
            }
        });
    }

    private static float[] random(long n) {
        Random random = new Random(1);
        float[] values = new float[Math.toIntExact(n)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
