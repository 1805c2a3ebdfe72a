package dev.tenon.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/// Compiles programs and backends that nothing here knows about, packs them into jars and runs them in JVMs of their
/// own.
final class ThirdParty {
    private static final String SERVICE = "META-INF/services/dev.tenon.api.spi.BackendProvider";

    private final Path folder;

    ThirdParty(Path folder) {
        this.folder = folder;
    }

    /// The class path entry of a module, whether a folder of classes or a jar.
    static String module(String room) {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(p -> p.contains("/" + room + "/") || p.contains("tenon-" + room) || p.endsWith("/" + room))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + room + " on the class path"));
    }

    static String resource(String name) throws IOException {
        try (InputStream in = ThirdParty.class.getResourceAsStream("/thirdparty/" + name + ".java.txt")) {
            if (in == null) {
                throw new AssertionError("no resource " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /// A jar of a compiled source and, unless empty, a service file of the given lines.
    Path jar(String name, String className, String source, String... providers) throws IOException {
        Path sources = Files.createDirectories(folder.resolve(name + "-src"));
        Path classes = Files.createDirectories(folder.resolve(name + "-classes"));
        Path file = sources.resolve(className.substring(className.lastIndexOf('.') + 1) + ".java");
        Files.writeString(file, source);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        int result = compiler.run(null, null, null, "-proc:none", "-cp", module("api"), "-d", classes.toString(),
                file.toString());
        assertEquals(0, result, () -> "compiling " + className);
        Path jar = folder.resolve(name + ".jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar)); Stream<Path> all = Files.walk(
                classes)) {
            for (Path p : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
                out.putNextEntry(new JarEntry(classes.relativize(p).toString().replace('\\', '/')));
                Files.copy(p, out);
            }
            if (providers.length > 0) {
                out.putNextEntry(new JarEntry(SERVICE));
                out.write(String.join("\n", providers).getBytes(StandardCharsets.UTF_8));
            }
        }
        return jar;
    }

    /// Runs the program with commands in a fresh JVM; gives its answer to each.
    Map<String, String> run(List<String> options, List<String> classPath, String... commands)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin",
                "java").toString()));
        line.addAll(List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        line.addAll(options);
        line.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), "Program"));
        line.addAll(List.of(commands));
        Path output = Files.createTempFile(folder, "out", ".txt");
        Path errors = Files.createTempFile(folder, "err", ".txt");
        Process p = new ProcessBuilder(line).redirectOutput(output.toFile()).redirectError(errors.toFile()).start();
        assertTrue(p.waitFor(60, TimeUnit.SECONDS), "the program did not end");
        assertEquals(0, p.exitValue(), () -> read(output) + read(errors));
        Map<String, String> answers = new LinkedHashMap<>();
        for (String answer : Files.readAllLines(output)) {
            int at = answer.indexOf(" = ");
            if (at >= 0) {
                answers.put(answer.substring(0, at), answer.substring(at + 3));
            }
        }
        return answers;
    }

    private static String read(Path p) {
        try {
            return Files.readString(p);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
