package dev.tenon.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Holds the arrows between the modules: who may know whom.
///
/// A new module must be entered in [#MAY_USE]; a new arrow is a change to the design, not to this test alone.
class ArchitectureTest {

    /// For each room, named by its package below `dev.tenon`, the rooms that its main code may use.
    ///
    /// Backends stand in nobody's list: they are found through ServiceLoader, at run time.
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
        Map.entry("api", Set.of()),
        Map.entry("autograd", Set.of("api")),
        Map.entry("graph", Set.of("api", "autograd")),
        Map.entry("data", Set.of("api")),
        Map.entry("nn", Set.of("api", "autograd", "data")),
        Map.entry("kernel", Set.of("api")),
        Map.entry("backend.cpu", Set.of("api")),
        Map.entry("backend.opencl", Set.of("api", "kernel")),
        Map.entry("backend.cuda", Set.of("api", "kernel")),
        Map.entry("tck", Set.of("api")),
        // Not within graph: who captures and runs graphs should not carry protobuf along.
        // Of data it uses the writing of files that appear when they are complete.
        Map.entry("onnx", Set.of("api", "data", "graph")),
        // Not within nn: it draws pictures and writes TensorBoard's messages, which take libraries.
        Map.entry("report", Set.of("api", "data", "nn")),
        Map.entry("cli", Set.of("api", "graph", "data", "nn", "onnx", "report")),
        Map.entry("examples", Set.of("api", "autograd", "graph", "data", "nn", "onnx", "report")));

    private static final String BASE = "dev.tenon.";

    private static JavaClasses mainClasses;
    private static JavaClasses allClasses;
    /// By the place of the class files, with a slash at the end: a folder, or a jar.
    private static Map<String, ModuleDescriptor> modules;

    @BeforeAll
    static void read() throws IOException {
        allClasses = new ClassFileImporter().importPackages("dev.tenon");
        mainClasses = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.tenon");
        modules = new HashMap<>();
        for (var url : (Iterable<URL>) ArchitectureTest.class.getClassLoader()
                .resources("module-info.class")::iterator) {
            try (var in = url.openStream()) {
                var module = ModuleDescriptor.read(in);
                if (module.name().startsWith(BASE)) {
                    modules.put(place(url.toString(), "module-info.class"), module);
                }
            }
        }
    }

    @Test
    void theImporterSeesEveryModuleAndReadsItsClassFiles() {
        var seen = modules.values().stream().map(ModuleDescriptor::name).collect(toCollection(TreeSet::new));
        var withClasses = mainClasses.stream().map(c -> BASE + room(c)).collect(toCollection(TreeSet::new));
        assertEquals(seen, withClasses);
        assertTrue(seen.containsAll(Set.of("dev.tenon.api", "dev.tenon.nn", "dev.tenon.cli")), seen::toString);
        // What ArchUnit cannot parse it leaves out with a log line; this class tells whether it could.
        mainClasses.forEach(c -> assertEquals(BASE + room(c), home(c).map(ModuleDescriptor::name).orElse("nowhere")));
        assertTrue(allClasses.contain(ArchitectureTest.class));
        assertTrue(allClasses.get(ArchitectureTest.class).getMethods().size() > 5);
    }

    @Test
    void apiDependsOnTheJdkAndJspecifyAlone() {
        classes().that().resideInAPackage("dev.tenon.api..")
            .should().onlyDependOnClassesThat()
            .resideInAnyPackage("dev.tenon.api..", "java..", "org.jspecify.annotations..")
            .check(mainClasses);
        var requires = module("api").requires().stream().map(ModuleDescriptor.Requires::name)
            .filter(name -> !name.startsWith("java.")).collect(toSet());
        assertEquals(Set.of("org.jspecify"), requires);
    }

    @TestFactory
    List<DynamicTest> classesUseOnlyTheRoomsTheyMay() {
        return rooms().stream().map(room -> DynamicTest.dynamicTest(room, () ->
            classes().that(DescribedPredicate.describe(
                    "are in " + room, c -> room(c).equals(room)))
                .should(useOnly("the rooms " + room + " may use: " + new TreeSet<>(MAY_USE.get(room)), d -> {
                    var target = d.getTargetClass();
                    return !target.getPackageName().startsWith(BASE)
                        || room(target).equals(room)
                        || MAY_USE.get(room).contains(room(target));
                }))
                .check(mainClasses))).toList();
    }

    @TestFactory
    List<DynamicTest> modulesRequireOnlyTheRoomsTheyMay() {
        return rooms().stream().map(room -> DynamicTest.dynamicTest(room, () -> {
            var unwanted = module(room).requires().stream().map(ModuleDescriptor.Requires::name)
                .filter(name -> name.startsWith(BASE))
                .map(name -> name.substring(BASE.length()))
                .filter(name -> !MAY_USE.get(room).contains(name)).collect(toSet());
            assertEquals(Set.of(), unwanted, () -> BASE + room + " must not require these");
        })).toList();
    }

    /// The compiler holds this on the module path; tests run on the class path, where only this does.
    @Test
    void whatAModuleDoesNotExportIsUsedByItselfAlone() {
        classes().should(useOnly("what other modules export", d -> {
            var target = d.getTargetClass();
            var home = home(target);
            var user = home(d.getOriginClass());
            // A module's own tests lie in its packages.
            return home.isEmpty() || home.equals(user)
                || target.getPackageName().equals(d.getOriginClass().getPackageName())
                || home.get().exports().stream().anyMatch(e -> e.source().equals(target.getPackageName())
                    && (!e.isQualified() || user.map(u -> e.targets().contains(u.name())).orElse(false)));
        })).check(allClasses);
    }

    /// Users start Tenon on the module path and on the class path; a provider must be found on both.
    @Test
    void providesClausesAndServiceFilesAgree() throws IOException {
        for (var entry : modules.entrySet()) {
            var declared = new TreeMap<String, Set<String>>();
            for (var provides : entry.getValue().provides()) {
                declared.put(provides.service(), new TreeSet<>(provides.providers()));
            }
            var services = new TreeSet<>(declared.keySet());
            for (var other : modules.values()) {
                services.addAll(other.uses());
                other.provides().forEach(p -> services.add(p.service()));
            }
            var listed = new TreeMap<String, Set<String>>();
            for (var service : services) {
                var names = serviceFile(entry.getKey(), service);
                if (!names.isEmpty()) {
                    listed.put(service, names);
                }
            }
            assertEquals(declared, listed, () -> entry.getValue().name()
                + ": `provides` in module-info.java (first) and META-INF/services (second) must name the same classes");
        }
    }

    private static Set<String> serviceFile(String place, String service) throws IOException {
        try (var in = URI.create(place + "META-INF/services/" + service).toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
                .map(line -> line.replaceFirst("#.*", "").strip())
                .filter(line -> !line.isEmpty())
                .collect(toCollection(TreeSet::new));
        } catch (FileNotFoundException absent) {
            return Set.of();
        }
    }

    private static ArchCondition<JavaClass> useOnly(String what, Predicate<Dependency> allowed) {
        return new ArchCondition<>("use only " + what) {
            @Override
            public void check(JavaClass item, ConditionEvents events) {
                for (var dependency : item.getDirectDependenciesFromSelf()) {
                    if (!allowed.test(dependency)) {
                        events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
                    }
                }
            }
        };
    }

    /// The rooms that exist so far.
    private static Set<String> rooms() {
        return modules.values().stream().map(m -> m.name().substring(BASE.length()))
            .collect(toCollection(TreeSet::new));
    }

    private static ModuleDescriptor module(String room) {
        return modules.values().stream().filter(m -> m.name().equals(BASE + room)).findFirst().orElseThrow();
    }

    /// The room whose package a class lies in.
    private static String room(JavaClass c) {
        var name = c.getPackageName() + ".";
        return MAY_USE.keySet().stream().filter(room -> name.startsWith(BASE + room + ".")).findFirst()
            .orElseThrow(() -> new AssertionError(
                c.getName() + " lies in no room that ArchitectureTest knows: enter the room in MAY_USE"));
    }

    /// The module whose main class files hold a class; empty for tests and for what is not Tenon's.
    private static Optional<ModuleDescriptor> home(JavaClass c) {
        var path = c.getName().replace('.', '/') + ".class";
        return c.getSource().map(source -> source.getUri().toString())
            .filter(uri -> uri.endsWith(path))
            .map(uri -> modules.get(place(uri, path)));
    }

    /// The folder or jar that a file lies in. The two ways to write a file's URI are made one.
    private static String place(String uri, String file) {
        return uri.substring(0, uri.length() - file.length()).replace("file:///", "file:/");
    }
}
