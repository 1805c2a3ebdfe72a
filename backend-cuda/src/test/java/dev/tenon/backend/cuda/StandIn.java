package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tenon.backend.cuda.Driver.Attribute;
import dev.tenon.backend.cuda.Driver.Handle;
import dev.tenon.kernel.CudaDialect;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A program that calls each function of the binding, with a library in the driver's place whose path is its argument.
/// Prints what came out, a line for each.
final class StandIn {
    private StandIn() {}

    // Loading native code is the purpose.
    @SuppressWarnings("restricted")
    public static void main(String[] args) throws IOException {
        // Under the driver's name: what asks for `libcuda.so.1` from now on gets this one.
        System.load(args[0]);
        JCudaNatives.place();
        JCudaNatives.place();
        Driver d = new JCudaDriverCalls();
        System.out.println("version " + d.version() + ", devices " + d.deviceCount());
        System.out.println(d.deviceName(1) + ", " + d.deviceMemory(1) + " bytes");
        System.out.println("attributes " + Arrays.stream(Attribute.values()).map(a -> d.attribute(0, a)).toList());
        System.out.println("peer " + d.canAccessPeer(0, 1));
        fails(() -> d.allocate(8));
        Handle one = d.retainPrimaryContext(0);
        Handle two = d.retainPrimaryContext(1);
        d.makeCurrent(two);
        d.makeCurrent(one);
        d.enablePeerAccess(two);
        System.out.println("contexts " + Long.toHexString(one.address()) + " " + Long.toHexString(two.address()));
        System.out.println("memory " + Arrays.toString(d.memoryInfo()));
        fails(() -> d.allocate(1L << 40));
        Handle s = d.createStream();
        copies(d, one, two, s);
        Handle e = d.createEvent();
        d.recordEvent(e, s);
        d.waitEvent(s, e);
        System.out.println("event " + d.isEventDone(e) + " " + d.isEventDone(e));
        d.synchronizeEvent(e);
        Handle start = d.createTimedEvent();
        System.out.println("elapsed " + d.elapsedMillis(start, d.createTimedEvent()));
        fails(() -> d.elapsedMillis(start, e));
        d.destroyEvent(e);
        fails(() -> d.loadModule(new byte[] {1, 2, 3, 4}));
        launches(d, s);
    }

    private static void copies(Driver d, Handle one, Handle two, Handle s) {
        long a = d.allocate(100);
        long b = d.allocateAsync(100, s);
        long host = d.allocateHost(100);
        MemorySegment h = FakeDriver.at(host, 100);
        for (int i = 0; i < 100; i++) {
            h.set(JAVA_BYTE, i, (byte) i);
        }
        d.copyToDevice(a, host, 100, s);
        d.copy(b + 1, a, 99, s);
        d.copyPeer(a, two, b, one, 100, s);
        d.copyToHost(host, a + 10, 90, s);
        d.synchronizeStream(s);
        System.out.println("copied " + h.get(JAVA_BYTE, 0) + " " + h.get(JAVA_BYTE, 89));
        d.freeAsync(b, s);
        d.free(a);
        d.freeHost(host);
    }

    private static void launches(Driver d, Handle s) {
        Compiler nvrtc = Nvrtc.find().compiler();
        byte[] image = nvrtc == null ? new byte[] {0x7F, 'E', 'L', 'F', 0}
                : nvrtc.compile(CudaDialect.putNumbers(Recording.CARRIED), 90, "put_numbers");
        Handle module = d.loadModule(image);
        Handle f = d.function(module, "put_numbers");
        long table = d.allocate(16);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(8L * (Recording.CARRIED + 2), 8);
            MemorySegment addresses = arena.allocate(ADDRESS, 3);
            values.setAtIndex(JAVA_LONG, 0, table);
            values.setAtIndex(JAVA_LONG, 1, 2);
            values.setAtIndex(JAVA_LONG, 2, 42);
            values.setAtIndex(JAVA_LONG, 3, -43);
            addresses.setAtIndex(ADDRESS, 0, values);
            addresses.setAtIndex(ADDRESS, 1, values.asSlice(16));
            addresses.setAtIndex(ADDRESS, 2, values.asSlice(8));
            MemorySegment result = FakeDriver.at(table, 16);
            d.launch(f, 1, Recording.CARRIED, s, addresses.address());
            System.out.println("launched " + Arrays.toString(result.toArray(JAVA_LONG)));
            result.fill((byte) 0);
            d.beginCapture(s);
            d.launch(f, 1, Recording.CARRIED, s, addresses.address());
            System.out.println("captured " + Arrays.toString(result.toArray(JAVA_LONG)));
            Handle graph = d.endCapture(s);
            d.launchGraph(graph, s);
            System.out.println("replayed " + Arrays.toString(result.toArray(JAVA_LONG)));
            d.destroyGraph(graph);
            d.beginCapture(s);
            d.abandonCapture(s);
        }
        d.unloadModule(module);
    }

    private static void fails(Runnable call) {
        try {
            call.run();
            System.out.println("did not fail");
        } catch (DriverException e) {
            System.out.println("failed: " + e.getMessage());
        }
    }
}
