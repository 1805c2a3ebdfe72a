package dev.tenon.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tenon.kernel.Arg;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelPlan;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Runs kernels of CUDA C++ on the processor, compiled by the system's C++ compiler.
// Calling native code is the purpose.
@SuppressWarnings("restricted")
final class HostKernel {
    private static final Pattern PARAM = Pattern.compile("PARAM\\((\\w+), (\\w+)\\)");

    private HostKernel() {}

    /// Runs a plan's kernels one after the other.
    ///
    /// @param in operands, each beginning where its first element lies
    /// @param number the one number of the run, as bits
    /// @param fromMemory whether kernels take that number from memory
    static void run(KernelPlan plan, Path folder, List<MemorySegment> in, List<MemorySegment> out, long number,
            boolean fromMemory) throws IOException, InterruptedException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment workspace = arena.allocate(Math.max(8, plan.workspaceBytes()), 64);
            int i = 0;
            for (GeneratedKernel k : plan.kernels()) {
                launch(k, folder.resolve("k" + i++), arguments(k, in, out, workspace, number, fromMemory, arena),
                        fromMemory);
            }
        }
    }

    private static MemorySegment arguments(GeneratedKernel k, List<MemorySegment> in, List<MemorySegment> out,
            MemorySegment workspace, long number, boolean fromMemory, Arena arena) {
        List<Long> values = new ArrayList<>();
        for (Arg arg : k.args()) {
            switch (arg) {
                case Arg.Input(int index, int _) -> values.addAll(List.of(in.get(index).address(), 0L));
                case Arg.Output(int index, int _) -> values.addAll(List.of(out.get(index).address(), 0L));
                case Arg.Workspace(long at, int bytes) -> values.addAll(List.of(workspace.address(), at / bytes));
                case Arg.Number(boolean _, long value) -> values.add(value);
                case Arg.Param _ ->
                    values.add(fromMemory ? arena.allocateFrom(JAVA_LONG, number).address() : number);
            }
        }
        MemorySegment addresses = arena.allocate(ADDRESS, values.size());
        for (int i = 0; i < values.size(); i++) {
            addresses.setAtIndex(ADDRESS, i, arena.allocateFrom(JAVA_LONG, values.get(i)));
        }
        return addresses;
    }

    private static void launch(GeneratedKernel k, Path base, MemorySegment arguments, boolean fromMemory)
            throws IOException, InterruptedException {
        Path source = Path.of(base + ".cpp");
        Path library = Path.of(base + ".so");
        Files.writeString(source, header() + CudaDialect.withParams(k, fromMemory) + entry(k, fromMemory));
        Process p = new ProcessBuilder("c++", "-std=c++20", "-O1", "-ffp-contract=off", "-fno-strict-aliasing", "-w",
                "-pthread", "-shared", "-fPIC", "-o", library.toString(), source.toString()).redirectErrorStream(true)
                        .start();
        String printed = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (p.waitFor() != 0) {
            throw new AssertionError(printed);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment function = SymbolLookup.libraryLookup(library, arena).find("run_kernel").orElseThrow();
            Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT))
                    .invokeWithArguments(arguments, (int) k.groups(), k.local());
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static String header() throws IOException {
        try (InputStream in = HostKernel.class.getResourceAsStream("host.hpp")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /// A function that takes the arguments as the driver does.
    private static String entry(GeneratedKernel k, boolean fromMemory) {
        String head = " void " + k.entry() + "(";
        int start = k.source().indexOf(head) + head.length();
        Matcher m = PARAM.matcher(k.source().substring(start, k.source().indexOf(") {\n", start)));
        String parameters = m.replaceAll(fromMemory ? "const $1* $2" : "$1 $2");
        List<String> arguments = new ArrayList<>();
        for (String parameter : parameters.split(", ")) {
            String type = parameter.substring(0, parameter.lastIndexOf(' ')).replace("GLOBAL ", "");
            arguments.add("*(" + type + "*)a[" + arguments.size() + "]");
        }
        return "extern \"C\" void run_kernel(void** a, int groups, int threads) {\n"
                + "    run_blocks(groups, threads, [=] { " + k.entry() + "(" + String.join(", ", arguments)
                + "); });\n}\n";
    }
}
