package dev.tenon.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Follows `docs/write-a-backend.md` to the letter: its files are written, compiled and put through the suite.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BackendGuideTest {
    /// A path in bold code, and the block below it.
    private static final Pattern FILE = Pattern.compile("\\*\\*`([^`]+)`\\*\\*\n\n```\\w*\n(.*?)```", Pattern.DOTALL);

    @TempDir
    static Path folder;

    private String page;
    private Map<String, String> files;

    @BeforeAll
    void writeAndCompile() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("docs/write-a-backend.md"))) {
            root = root.getParent();
        }
        page = Files.readString(root.resolve("docs/write-a-backend.md"));
        String parent = Files.readString(root.resolve("pom.xml"));
        files = new LinkedHashMap<>();
        for (Matcher m = FILE.matcher(page); m.find(); ) {
            files.put(m.group(1), m.group(2));
        }
        for (Map.Entry<String, String> f : files.entrySet()) {
            Path to = folder.resolve(f.getKey());
            Files.createDirectories(to.getParent());
            Files.writeString(to, f.getValue());
        }
        Matcher version = Pattern.compile("<version>([^<]+)</version>").matcher(parent);
        assertTrue(version.find());
        assertTrue(files.getOrDefault("pom.xml", "").contains("<tenon.version>" + version.group(1)
                + "</tenon.version>"), "the page's pom names version " + version.group(1));

        // The main code sees the api alone, as its pom says.
        String api = Arrays.stream(classPath()).filter(p -> p.contains("/api/") || p.contains("tenon-api"))
                .findFirst().orElseThrow();
        compile("src/main/java", "target/classes", api);
        compile("src/test/java", "target/test-classes", folder.resolve("target/classes") + File.pathSeparator
                + System.getProperty("java.class.path"));
    }

    private static String[] classPath() {
        return System.getProperty("java.class.path").split(File.pathSeparator);
    }

    private List<String> sources(String under) {
        return files.keySet().stream().filter(f -> f.startsWith(under)).map(f -> folder.resolve(f).toString())
                .toList();
    }

    private void compile(String under, String to, String classPath) throws IOException {
        Path out = Files.createDirectories(folder.resolve(to));
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "-Xlint:all", "-Werror", "--release", "25",
                "-cp", classPath, "-d", out.toString()));
        arguments.addAll(sources(under));
        assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null,
                arguments.toArray(String[]::new)), "compiling " + under);
    }

    private String run(int exitCode, String... command) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(),
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx1g",
                "-Dtenon.device=mine", "-cp", String.join(File.pathSeparator,
                        folder.resolve("target/classes").toString(), folder.resolve("target/test-classes").toString(),
                        folder.resolve("src/main/resources").toString(), System.getProperty("java.class.path"))));
        line.addAll(List.of(command));
        Path output = Files.createTempFile(folder, "output", ".txt");
        Process p = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        if (!p.waitFor(5, TimeUnit.MINUTES)) {
            p.destroyForcibly();
        }
        String printed = Files.readString(output);
        assertEquals(exitCode, p.waitFor(), printed);
        return printed;
    }

    @Test
    void theLineCountIsThatOfTheFiles() {
        long lines = files.entrySet().stream().filter(f -> f.getKey().startsWith("src/main/java"))
                .mapToLong(f -> f.getValue().lines().count()).sum();
        String text = page.replaceAll("\\s+", " ");
        assertTrue(text.contains(lines + " lines of Java"), "the page's files have " + lines + " lines of Java");
    }

    @Test
    void theBackendPassesTheSuite() throws Exception {
        String printed = run(0, RunSuite.class.getName(), "com.example.mine.MineTest");
        Matcher m = Pattern.compile("succeeded (\\d+) failed 0 skipped \\d+").matcher(printed);
        assertTrue(m.find(), printed);
        assertTrue(Long.parseLong(m.group(1)) > 20_000, printed);
        assertTrue(printed.contains("Support matrix of device mine:0") && printed.contains("limited: lgamma"), printed);
    }

    @Test
    void thePropertyChoosesIt() throws Exception {
        String printed = run(0, "dev.tenon.cli.Main", "devices");
        assertTrue(printed.lines().anyMatch(l -> l.startsWith("mine:0 ") && l.endsWith("(default)")), printed);
        String computed = run(0, "dev.tenon.examples.FirstGraph");
        assertTrue(computed.contains("1."), computed);
    }
}
