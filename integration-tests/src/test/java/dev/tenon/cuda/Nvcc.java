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

    private Nvcc() {}

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
    /// @return what the compiler printed, if it failed
    static Optional<String> compile(Path nvcc, Path folder, String name, String unit, int virtual,
            List<Integer> architectures) throws IOException, InterruptedException {
        Path source = Files.writeString(folder.resolve(name + ".cu"), unit);
        Path out = folder.resolve(name + ".fatbin");
        String code = architectures.stream().map(a -> "sm_" + a).collect(Collectors.joining(",", "[", "]"));
        List<String> command = new ArrayList<>(List.of(nvcc.toString(), "-fatbin", "-gencode",
                "arch=compute_" + virtual + ",code=" + code, "--fmad=false", "-std=c++17", "-w", "-Xcicc", "-O0",
                "-Xptxas", "-O0", "-o", out.toString(), source.toString()));
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String printed = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        boolean failed = p.waitFor() != 0 || !Files.isRegularFile(out);
        Files.deleteIfExists(out);
        Files.deleteIfExists(source);
        return failed ? Optional.of(printed.isBlank() ? "no output" : printed) : Optional.empty();
    }
}
