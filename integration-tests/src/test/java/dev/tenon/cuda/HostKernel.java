package dev.tenon.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tenon.kernel.Arg;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelPlan;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Runs kernels of CUDA C++ on the processor, compiled by the system's C++ compiler. An instruction of PTX in the text
/// becomes a call of a function of its name, which does what the PTX ISA says of it.
// Calling native code is the purpose.
@SuppressWarnings("restricted")
final class HostKernel {
    private static final Pattern PARAM = Pattern.compile("PARAM\\((\\w+), (\\w+)\\)");
    private static final Pattern ASM = Pattern.compile("\\basm( volatile)?\\(\"");
    private static final Pattern OPERAND = Pattern.compile("%(\\d)");
    /// What was compiled, by its text.
    private static final Map<String, MethodHandle> COMPILED = new HashMap<>();

    private final GeneratedKernel kernel;
    private final boolean fromMemory;
    private final MethodHandle function;

    /// @param folder for the compiler's files
    /// @param capability the compute capability that the text sees
    /// @param fromMemory whether the kernel takes the run's numbers from memory
    HostKernel(GeneratedKernel kernel, Path folder, int capability, boolean fromMemory)
            throws IOException, InterruptedException {
        this.kernel = kernel;
        this.fromMemory = fromMemory;
        String text = header() + translated(CudaDialect.withParams(kernel, fromMemory)) + entry(kernel, fromMemory);
        synchronized (COMPILED) {
            MethodHandle known = COMPILED.get(capability + text);
            this.function = known == null ? compiled(text, folder.resolve("k" + COMPILED.size()), capability) : known;
            COMPILED.put(capability + text, function);
        }
    }

    private static MethodHandle compiled(String text, Path base, int capability)
            throws IOException, InterruptedException {
        Path source = Files.writeString(Path.of(base + ".cpp"), text);
        Path library = Path.of(base + ".so");
        Process p = new ProcessBuilder("c++", "-std=c++20", "-O1", "-ffp-contract=off", "-fno-strict-aliasing", "-w",
                "-D__CUDA_ARCH__=" + capability * 10, "-shared", "-fPIC", "-o", library.toString(),
                source.toString()).redirectErrorStream(true).start();
        String printed = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (p.waitFor() != 0) {
            throw new AssertionError(printed);
        }
        MemorySegment symbol =
                SymbolLookup.libraryLookup(library, Arena.global()).find("run_kernel").orElseThrow();
        return Linker.nativeLinker().downcallHandle(symbol, FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT));
    }

    /// Whether the system has a C++ compiler.
    static boolean available() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(p -> !p.isBlank() && Files.isExecutable(Path.of(p, "c++")));
    }

    /// Runs a plan's kernels one after the other.
    ///
    /// @param in operands, each beginning where its first element lies
    /// @param number the one number of the run, as bits
    /// @param fromMemory whether kernels take that number from memory
    static void run(KernelPlan plan, Path folder, List<MemorySegment> in, List<MemorySegment> out, long number,
            boolean fromMemory) throws IOException, InterruptedException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment workspace = arena.allocate(Math.max(8, plan.workspaceBytes()), 64);
            for (GeneratedKernel k : plan.kernels()) {
                new HostKernel(k, folder, 75, fromMemory).run(in, out, workspace, _ -> number);
            }
        }
    }

    /// Runs the kernel, a block after the other.
    ///
    /// @param numbers the run's numbers, as bits
    void run(List<MemorySegment> in, List<MemorySegment> out, MemorySegment workspace,
            ToLongFunction<Arg.Param> numbers) {
        try (Arena arena = Arena.ofConfined()) {
            List<Long> values = new ArrayList<>();
            for (Arg arg : kernel.args()) {
                switch (arg) {
                    case Arg.Input(int index, int _) -> values.addAll(List.of(in.get(index).address(), 0L));
                    case Arg.Output(int index, int _) -> values.addAll(List.of(out.get(index).address(), 0L));
                    case Arg.Workspace(long at, int bytes) ->
                        values.addAll(List.of(workspace.address(), at / bytes));
                    case Arg.Number(boolean _, long value) -> values.add(value);
                    case Arg.Param p -> {
                        long n = numbers.applyAsLong(p);
                        values.add(fromMemory ? arena.allocateFrom(JAVA_LONG, n).address() : n);
                    }
                }
            }
            MemorySegment addresses = arena.allocate(ADDRESS, Math.max(1, values.size()));
            for (int i = 0; i < values.size(); i++) {
                addresses.setAtIndex(ADDRESS, i, arena.allocateFrom(JAVA_LONG, values.get(i)));
            }
            function.invokeExact(addresses, (int) kernel.groups(), kernel.local());
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

    /// The text with `asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(h))` as `cvt_f32_f16(x, h)`: operands stand in the
    /// order in which the instruction names them.
    static String translated(String text) {
        StringBuilder s = new StringBuilder();
        Matcher m = ASM.matcher(text);
        int from = 0;
        while (m.find()) {
            s.append(text, from, m.start());
            int end = closing(text, text.indexOf('(', m.start()));
            List<String> parts = split(text.substring(m.end() - 1, end), ':');
            String instruction = parts.get(0).strip().replaceAll("^\"|;\"$", "");
            List<String> operands = new ArrayList<>();
            for (String list : parts.subList(1, Math.min(3, parts.size()))) {
                for (String operand : list.isBlank() ? List.<String>of() : split(list, ',')) {
                    operands.add(operand.substring(operand.indexOf('(') + 1, operand.lastIndexOf(')')));
                }
            }
            int name = instruction.indexOf(' ') < 0 ? instruction.length() : instruction.indexOf(' ');
            Matcher o = OPERAND.matcher(instruction.substring(name));
            List<String> named = new ArrayList<>();
            while (o.find()) {
                named.add(operands.get(Integer.parseInt(o.group(1))));
            }
            s.append(instruction.substring(0, name).replace('.', '_')).append('(').append(String.join(", ", named))
                    .append(')');
            from = end + 1;
        }
        return s.append(text, from, text.length()).toString();
    }

    /// Where the bracket closes that opens at a place; quoted text counts for nothing.
    private static int closing(String text, int open) {
        int depth = 0;
        boolean quoted = false;
        for (int i = open; i < text.length(); i++) {
            char c = text.charAt(i);
            quoted ^= c == '"';
            depth += quoted ? 0 : c == '(' ? 1 : c == ')' ? -1 : 0;
            if (!quoted && depth == 0) {
                return i;
            }
        }
        throw new IllegalArgumentException("a bracket that does not close: " + text.substring(open));
    }

    private static List<String> split(String text, char at) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        boolean quoted = false;
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            quoted ^= c == '"';
            depth += quoted ? 0 : c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == at && !quoted && depth == 0) {
                parts.add(text.substring(from, i));
                from = i + 1;
            }
        }
        parts.add(text.substring(from));
        return parts;
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
