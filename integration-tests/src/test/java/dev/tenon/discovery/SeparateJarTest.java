package dev.tenon.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Backends from jars that nothing here knows about, broken ones among them, and the choice of a device by properties.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SeparateJarTest {
    private static final String LOOPS = "com.example.loops.LoopsBackend";

    @TempDir
    static Path folder;

    private ThirdParty thirdParty;
    private String program;
    private String loops;

    @BeforeAll
    void build() throws Exception {
        thirdParty = new ThirdParty(folder);
        program = thirdParty.jar("program", "Program", ThirdParty.resource("Program")).toString();
        loops = thirdParty.jar("loops", LOOPS, ThirdParty.resource("LoopsBackend"), LOOPS).toString();
    }

    private Map<String, String> alone(String... commands) throws Exception {
        return thirdParty.run(List.of(), List.of(ThirdParty.module("api"), ThirdParty.module("autograd"), program,
                loops),
                commands);
    }

    @Test
    void aJarOnTheClassPathIsEnough() throws Exception {
        Map<String, String> answers = alone("devices", "default", "compute", "gradient");
        assertEquals("[loops:0, loops:1]", answers.get("devices"));
        assertEquals("loops:0", answers.get("default"));
        assertEquals("[12.0, 28.0, 14.0, 30.0, 16.0, 32.0]", answers.get("compute"));
        assertEquals("[9.0, 13.0, 17.0]", answers.get("gradient"));
    }

    @Test
    void whatItCannotDoIsAnErrorThatNamesOpAndBackend() throws Exception {
        String message = alone("missing kernel").get("missing kernel");
        assertTrue(message.startsWith("BackendException") && message.contains("add") && message.contains("loops:0")
                && message.contains("f64"), message);
    }

    @Test
    void namesOfDevices() throws Exception {
        Map<String, String> answers = alone("loops", "loops:1", "loops:gpu", "auto", "loops:2", "cuda", "loops:npu");
        assertEquals("loops:0", answers.get("loops"));
        assertEquals("loops:1", answers.get("loops:1"));
        assertEquals("loops:1", answers.get("loops:gpu"));
        assertEquals("loops:0", answers.get("auto"));
        for (String unknown : List.of("loops:2", "cuda", "loops:npu")) {
            String m = String.valueOf(answers.get(unknown));
            assertTrue(m.startsWith("BackendException") && m.contains("\"" + unknown + "\"")
                    && m.contains("loops:0, loops:1"), m);
        }
    }

    @Test
    void brokenProvidersDoNotHideOthers() throws Exception {
        String throwing = """
                package com.example.broken;

                public final class Throwing extends Base {
                    public Throwing() {
                        throw new IllegalStateException("the constructor failed");
                    }
                }

                abstract class Base implements dev.tenon.api.spi.BackendProvider {
                    public String name() {
                        return "broken";
                    }

                    public int priority() {
                        return 1000;
                    }

                    public Probe probe() {
                        throw new UnsatisfiedLinkError("no such library");
                    }

                    public dev.tenon.api.spi.DeviceRuntime open(int index) {
                        throw new AssertionError();
                    }
                }
                """;
        String unlinked = throwing.replace("Throwing", "Unlinked").replace(
                "throw new IllegalStateException(\"the constructor failed\");", "");
        String first = thirdParty.jar("throwing", "com.example.broken.Throwing", throwing,
                "com.example.broken.Throwing")
                .toString();
        String second = thirdParty.jar("unlinked", "com.example.broken.Unlinked", unlinked,
                "com.example.broken.Unlinked").toString();
        String absent = thirdParty.jar("absent", "com.example.Nothing", "package com.example; class Nothing {}",
                "com.example.IsNotThere").toString();
        String noProvider = thirdParty.jar("noprovider", "com.example.Other",
                "package com.example; public class Other {}", "com.example.Other").toString();
        String garbled = thirdParty.jar("garbled", "com.example.Third", "package com.example; public class Third {}",
                "this is no class name!").toString();
        List<String> path = List.of(ThirdParty.module("api"), ThirdParty.module("autograd"), first, second, absent,
                garbled, noProvider, program, loops);
        Map<String, String> answers = thirdParty.run(List.of(), path, "devices", "compute", "broken", "nowhere");
        assertEquals("[loops:0, loops:1]", answers.get("devices"));
        assertEquals("[12.0, 28.0, 14.0, 30.0, 16.0, 32.0]", answers.get("compute"));
        String reasons = answers.get("nowhere");
        assertTrue(reasons.contains("no such library"), reasons);
        assertTrue(reasons.contains("the constructor failed") || reasons.contains("Throwing"), reasons);
        assertTrue(reasons.contains("IsNotThere"), reasons);
    }

    @Test
    void deviceAndBackendsByProperty() throws Exception {
        List<String> path = List.of(ThirdParty.module("api"), ThirdParty.module("autograd"),
                ThirdParty.module("backend-cpu-vector"), program, loops);
        Map<String, String> all = thirdParty.run(List.of(), path, "default", "devices", "loops");
        assertEquals("cpu", all.get("default"), "the CPU backend has the higher priority");
        assertEquals("[cpu, loops:0, loops:1]", all.get("devices"));
        assertEquals("loops:0", all.get("loops"));
        assertEquals("loops:1", thirdParty.run(List.of("-Dtenon.device=loops:1"), path, "default").get("default"));
        Map<String, String> restricted = thirdParty.run(List.of("-Dtenon.backends=loops"), path, "default", "cpu");
        assertEquals("loops:0", restricted.get("default"));
        assertTrue(restricted.get("cpu").startsWith("BackendException"), restricted.get("cpu"));
        Map<String, String> unknown = thirdParty.run(List.of("-Dtenon.device=quantum"), path, "default", "compute");
        for (String answer : unknown.values()) {
            assertTrue(answer.startsWith("BackendException") && answer.contains("\"quantum\"")
                    && answer.contains("cpu, loops:0"), answer);
        }
        assertFalse(unknown.isEmpty());
        Map<String, String> none = thirdParty.run(List.of("-Dtenon.backends=other"), path, "default", "devices");
        assertEquals("[]", none.get("devices"));
        assertTrue(none.get("default").contains("tenon-backend-cpu-vector"), none.get("default"));
    }
}
