package dev.tenon.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.OutOfMemoryException;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Event;
import dev.tenon.api.spi.Stream;
import dev.tenon.kernel.BinaryCache;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_program;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class OpenClRuntimeTest {
    private static final OpenClBackend BACKEND = new OpenClBackend();

    private static DeviceRuntime open() {
        BackendProvider.Probe probe = BACKEND.probe();
        Assumptions.assumeFalse(probe.devices().isEmpty(), () -> "no OpenCL device: " + probe.reason());
        return BACKEND.open(0);
    }

    @Test
    void aProbeFindsDevicesOrSaysWhyNot() {
        BackendProvider.Probe probe = BACKEND.probe();
        assertTrue(!probe.devices().isEmpty() || !probe.reason().isBlank());
    }

    @Test
    void processorsDoNotWinOverTheCpuBackend() {
        assertTrue(BACKEND.priority(new DeviceInfo(0, "cpu", "", 0)) < 100);
        assertTrue(BACKEND.priority(new DeviceInfo(0, "gpu", "", 0)) >= 200);
    }

    @Test
    void bytesGoThereAndBack() {
        DeviceRuntime runtime = open();
        Stream stream = runtime.defaultStream();
        DeviceMemory a = runtime.allocate(1000);
        DeviceMemory b = runtime.allocate(1000);
        byte[] bytes = new byte[700];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 7);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pinned = runtime.pinnedHostMemory(bytes.length, arena);
            pinned.copyFrom(MemorySegment.ofArray(bytes));
            Stream other = runtime.newStream();
            runtime.copyFromHost(pinned, a, 11, other);
            Event arrived = other.record();
            stream.waitFor(arrived);
            runtime.copy(a, 11, b, 300, bytes.length, stream);
            byte[] back = new byte[bytes.length];
            runtime.copyToHost(b, 300, MemorySegment.ofArray(back), stream);
            assertArrayEquals(bytes, back);
            assertTrue(arrived.isDone());
            MemorySegment there = arena.allocate(bytes.length);
            runtime.copyToHost(b, 300, there, stream);
            stream.record().synchronize();
            assertArrayEquals(bytes, there.toArray(ValueLayout.JAVA_BYTE));
            assertEquals(-1, there.mismatch(pinned));
        }
        runtime.free(a);
        runtime.free(b);
    }

    @Test
    void tooMuchMemoryIsAnErrorOfItsOwn() {
        DeviceRuntime runtime = open();
        OutOfMemoryException e =
                assertThrows(OutOfMemoryException.class, () -> runtime.allocate(Long.MAX_VALUE / 2));
        assertTrue(e.getMessage().startsWith("opencl:0: allocating"), e.getMessage());
    }

    @Test
    void aKernelThatDoesNotBuildShowsItsLog() {
        open();
        DeviceFacts facts = Discovery.find().devices().getFirst();
        BackendException e = assertThrows(BackendException.class, () -> OpenClRuntime.open(0, facts)
                .programs().withProgram("__kernel void broken() { undeclared = 1; }", "opencl:0: test", p -> p));
        assertTrue(e.getMessage().contains("undeclared"), e.getMessage());
        assertFalse(e.getMessage().contains("null"), e.getMessage());
    }

    private static final String FILL = "__kernel void fill(__global float* x) { x[get_global_id(0)] = 7; }";

    /// What one process compiles, the next one finds.
    @Test
    void compiledProgramsAreFoundOnDisk(@TempDir Path folder) {
        open();
        DeviceFacts facts = Discovery.find().devices().getFirst();
        OpenClRuntime runtime = OpenClRuntime.open(0, facts);
        for (int process = 0; process < 2; process++) {
            Programs programs = runtime.programs(new BinaryCache("opencl", folder));
            for (int twice = 0; twice < 2; twice++) {
                assertEquals("fill", programs.withProgram(FILL, "fill", OpenClRuntimeTest::kernelNames));
            }
            assertEquals(process == 0 ? 1 : 0, programs.built(), "programs compiled by process " + process);
        }
        Programs others = runtime.programs(new BinaryCache("opencl", folder));
        others.withProgram(FILL.replace("7", "8"), "fill", p -> p);
        assertEquals(1, others.built(), "another source is another program");
    }

    private static String kernelNames(cl_program program) {
        byte[] name = new byte[64];
        long[] size = new long[1];
        CL.clGetProgramInfo(program, CL.CL_PROGRAM_KERNEL_NAMES, name.length, Pointer.to(name), size);
        return new String(name, 0, (int) size[0] - 1, StandardCharsets.UTF_8);
    }

    /// No device can be lost on demand: the driver's answer is put in its place. What follows is real.
    @Test
    void aLostDeviceSaysSoAtEveryCallAndTheCpuGoesOn() {
        open();
        OpenClRuntime runtime = OpenClRuntime.open(0, Discovery.find().devices().getFirst());
        Stream stream = runtime.defaultStream();
        DeviceMemory memory = runtime.allocate(100);
        Event before = stream.record();
        BackendException lost = runtime.health().failed("launching matmul",
                new CLException("", CL.CL_DEVICE_NOT_AVAILABLE));
        assertTrue(lost.getMessage().startsWith("opencl:0 was lost: launching matmul: CL_DEVICE_NOT_AVAILABLE (-2)")
                && lost.getMessage().contains("cpu among them"), lost.getMessage());

        MemorySegment host = MemorySegment.ofArray(new byte[100]);
        TensorType type = TensorType.of(DType.F32, Shape.of(4));
        Map<String, Executable> calls = new LinkedHashMap<>();
        calls.put("allocate", () -> runtime.allocate(100));
        calls.put("copyFromHost", () -> runtime.copyFromHost(host, memory, 0, stream));
        calls.put("copyToHost", () -> runtime.copyToHost(memory, 0, host, stream));
        calls.put("copy", () -> runtime.copy(memory, 0, memory, 50, 50, stream));
        calls.put("pinnedHostMemory", () -> {
            try (Arena arena = Arena.ofConfined()) {
                runtime.pinnedHostMemory(100, arena);
            }
        });
        calls.put("newStream", runtime::newStream);
        calls.put("prepare", () -> runtime.prepare(CopyOp.SAME, List.of(type), List.of(type)));
        calls.put("record", stream::record);
        calls.put("waitFor", () -> stream.waitFor(before));
        calls.put("synchronize", stream::synchronize);
        calls.put("isDone", before::isDone);
        calls.put("event", before::synchronize);
        calls.forEach((name, call) -> {
            BackendException e = assertThrows(BackendException.class, call, name);
            assertTrue(e.getMessage().startsWith("opencl:0 was lost earlier: launching matmul"), e.getMessage());
        });
        runtime.free(memory);

        try (Scope _ = Scope.open()) {
            assertEquals(6, Tensors.ones(Shape.of(2, 3), DType.F32, Device.of("cpu")).sum().item());
        }
        assertEquals(7, oneNumber(open()), "another device goes on; here the same one, opened anew");
    }

    private static int oneNumber(DeviceRuntime runtime) {
        DeviceMemory m = runtime.allocate(4);
        runtime.copyFromHost(MemorySegment.ofArray(new int[] {7}), m, 0, runtime.defaultStream());
        int[] back = new int[1];
        runtime.copyToHost(m, 0, MemorySegment.ofArray(back), runtime.defaultStream());
        runtime.free(m);
        return back[0];
    }

    @Test
    void errorsSayWhatTheyAre() {
        Health health = new Health("opencl:3");
        BackendException memory = health.failed("allocating 5 bytes",
                new CLException("", CL.CL_MEM_OBJECT_ALLOCATION_FAILURE));
        assertTrue(memory instanceof OutOfMemoryException
                && memory.getMessage().startsWith("opencl:3: allocating 5 bytes: CL_MEM_OBJECT"), memory.getMessage());
        BackendException other = health.failed("launching add", new CLException("", CL.CL_INVALID_KERNEL_ARGS));
        assertEquals("opencl:3: launching add: CL_INVALID_KERNEL_ARGS (-52)", other.getMessage());
        health.check();
        for (int code : new int[] {-9999, CL.CL_INVALID_COMMAND_QUEUE, CL.CL_INVALID_CONTEXT}) {
            Health h = new Health("opencl:0");
            assertFalse(h.isLost());
            h.failed("waiting", new CLException("", code));
            assertTrue(h.isLost());
        }
    }

    @Test
    void kindsOfDeviceAreNamesToo() {
        open();
        List<DeviceInfo> devices = BACKEND.probe().devices();
        for (DeviceInfo d : devices) {
            int first = devices.stream().filter(x -> x.kind().equals(d.kind())).findFirst().orElseThrow().index();
            assertSame(Device.of("opencl:" + first), Device.of("opencl:" + d.kind()));
            assertEquals("opencl:" + d.index(), Device.of("opencl:" + d.index()).toString());
        }
        assertSame(Device.of("opencl:0"), Device.of("opencl"));
    }
}
