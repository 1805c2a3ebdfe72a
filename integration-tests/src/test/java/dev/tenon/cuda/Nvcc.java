package dev.tenon.cuda;

import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GeneratedKernel;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The compiler of the CUDA toolkit.
final class Nvcc {
    private static final Pattern MACRO = Pattern.compile("^#define (\\w+)\\(", Pattern.MULTILINE);
    private static final Pattern ENTRY = Pattern.compile("Compiling entry function '(\\w+)' for '(\\w+)'");
    private static final Pattern SPILLS = Pattern.compile("(\\d+) bytes spill stores");
    private static final Pattern USED = Pattern.compile("Used (\\d+) registers");
    private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

    private Nvcc() {}

    /// What a kernel takes of an architecture, as the assembler says.
    ///
    /// @param spilled bytes that did not fit into registers
    /// @param shared bytes of shared memory
    record Use(String kernel, String architecture, int registers, int spilled, int shared) {}

    /// What came of a translation unit.
    ///
    /// @param failure what the compiler printed, if it failed
    record Outcome(Optional<String> failure, List<Use> uses) {}

    /// Where nvcc lies, if it is on the PATH.
    static Optional<Path> onPath() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(s -> !s.isBlank())
                .flatMap(s -> Stream.of(Path.of(s, "nvcc"), Path.of(s, "nvcc.exe")))
                .filter(Files::isExecutable).findFirst();
    }

    /// One translation unit of many kernels: each in a namespace of its own, under a name of its own, after the one
    /// prelude.
    static String unit(List<GeneratedKernel> kernels, DeviceTraits traits) {
        String prelude = CudaDialect.INSTANCE.prelude(traits);
        StringBuilder s = new StringBuilder(prelude);
        for (int i = 0; i < kernels.size(); i++) {
            GeneratedKernel k = kernels.get(i);
            if (!k.source().startsWith(prelude)) {
                throw new IllegalArgumentException("a kernel without the dialect's prelude: " + k.entry());
            }
            String own = k.source().substring(prelude.length());
            String head = " void " + k.entry() + "(";
            if (own.indexOf(head) != own.lastIndexOf(head)) {
                throw new IllegalArgumentException("a kernel whose name stands twice: " + k.entry());
            }
            s.append("namespace k").append(i).append(" {\n")
                    .append(own.replace(head, " void " + k.entry() + "_" + i + "(")).append("}\n");
            Matcher m = MACRO.matcher(own);
            while (m.find()) {
                s.append("#undef ").append(m.group(1)).append('\n');
            }
        }
        return s.toString();
    }

    /// Compiles a translation unit to machine code for some architectures, such as `75` and `120`.
    ///
    /// @param virtual the architecture for whose features it is translated; macros of the text see this one
    /// @param optimised whether as NVRTC does: only then registers and spills mean anything, and it takes several times
    ///     as long
    static Outcome compile(Path nvcc, Path folder, String name, String unit, int virtual, List<Integer> architectures,
            boolean optimised) throws IOException, InterruptedException {
        Path source = Files.writeString(folder.resolve(name + ".cu"), unit);
        Path out = folder.resolve(name + ".fatbin");
        String code = architectures.stream().map(a -> "sm_" + a).collect(Collectors.joining(",", "[", "]"));
        List<String> command = new ArrayList<>(List.of(nvcc.toString(), "-fatbin", "-gencode",
                "arch=compute_" + virtual + ",code=" + code, "--fmad=false", "-std=c++17", "-w", "-Xptxas", "-v", "-o",
                out.toString(), source.toString()));
        if (!optimised) {
            command.addAll(List.of("-Xcicc", "-O0", "-Xptxas", "-O0"));
        }
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String printed = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        boolean failed = p.waitFor() != 0 || !Files.isRegularFile(out);
        Files.deleteIfExists(out);
        Files.deleteIfExists(source);
        return failed ? new Outcome(Optional.of(printed.isBlank() ? "no output" : printed), List.of())
                : new Outcome(Optional.empty(), uses(printed));
    }

    private static List<Use> uses(String printed) {
        List<Use> all = new ArrayList<>();
        String kernel = "";
        String architecture = "";
        int spilled = 0;
        for (String line : printed.lines().toList()) {
            Matcher entry = ENTRY.matcher(line);
            Matcher used = USED.matcher(line);
            if (entry.find()) {
                kernel = entry.group(1);
                architecture = entry.group(2);
            } else if (used.find()) {
                all.add(new Use(kernel, architecture, Integer.parseInt(used.group(1)), spilled, number(SHARED, line)));
            } else if (line.contains("spill stores")) {
                spilled = number(SPILLS, line);
            }
        }
        return all;
    }

    private static int number(Pattern pattern, String line) {
        Matcher m = pattern.matcher(line);
        return m.find() ? Integer.parseInt(m.group(1)) : 0;
    }
}
