package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The gradients of every layer and every loss against finite differences, in training and in evaluation where they
/// differ. What the packages of the library hold is read from its class files: a new layer without a case fails.
class LayerGradientTest {
    private static List<GradientCase> cases() {
        return Stream.of(LayerGradientCases.all(), NormGradientCases.all(), LossGradientCases.all())
                .flatMap(List::stream)
                .toList();
    }

    @TestFactory
    Stream<DynamicTest> gradients() {
        List<DynamicTest> tests = new ArrayList<>();
        cases().forEach(c -> tests.add(dynamicTest(c.title() + " #" + tests.size(), c::check)));
        return tests.stream();
    }

    @Test
    void everyLayerAndEveryLossHasACase() throws IOException, URISyntaxException {
        Set<String> layers = modules();
        assertTrue(layers.contains("dev.tenon.nn.layer.Linear") && layers.contains("dev.tenon.nn.loss.CTCLoss"),
                "the class files of the library were not found: " + layers);
        Set<String> checked = cases().stream().map(c -> c.layer().getClass().getName())
                .collect(Collectors.toCollection(TreeSet::new));
        layers.removeAll(checked);
        assertEquals(Set.of(), layers, "layers without a check of their gradients");
    }

    /// The names of all public classes of the library that are modules and can be made.
    private static Set<String> modules() throws IOException, URISyntaxException {
        URI home = Module.class.getProtectionDomain().getCodeSource().getLocation().toURI();
        Path path = Path.of(home);
        if (Files.isDirectory(path)) {
            return modules(path);
        }
        try (FileSystem jar = FileSystems.newFileSystem(path, Map.of())) {
            return modules(jar.getPath("/"));
        }
    }

    private static Set<String> modules(Path root) throws IOException {
        Set<String> found = new TreeSet<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.toList()) {
                String name = root.relativize(file).toString().replace(file.getFileSystem().getSeparator(), ".");
                // Whole networks are made of layers; their gradients are held against PyTorch's.
                boolean network = name.startsWith("dev.tenon.nn.models.");
                if (name.startsWith("dev.tenon.nn.") && !network && name.endsWith(".class")
                        && !name.endsWith("-info.class")) {
                    Class<?> type = load(name.substring(0, name.length() - ".class".length()));
                    int m = type.getModifiers();
                    if (Module.class.isAssignableFrom(type) && Modifier.isPublic(m) && !Modifier.isAbstract(m)) {
                        found.add(type.getName());
                    }
                }
            }
        }
        return found;
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, Module.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AssertionError("a class file without its class", e);
        }
    }
}
