package dev.tenon.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DevicesAndDoctorTest {

    @Test
    void devicesNamesTheCpuAndMarksTheDefault() {
        Run run = Run.of("devices");
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().lines().anyMatch(l -> l.startsWith("cpu ") && l.contains("GiB")), run.out());
        assertEquals(1, run.out().lines().filter(l -> l.endsWith("(default)")).count(), run.out());
    }

    @Test
    void devicesAsJsonIsOneLineThatParses() throws IOException {
        Run run = Run.of("devices", "--json");
        assertEquals(1, run.out().lines().count());
        List<String> strings = values(run.out());
        assertTrue(strings.contains("cpu") && strings.contains("default"), strings::toString);
    }

    @Test
    void doctorChecksTheMachineAndComputes() {
        Run run = Run.of("doctor");
        assertEquals(0, run.exitCode(), run.out());
        for (String check : List.of("java", "vector module", "processors", "memory", "heap", "native access",
                "temporary dir", "backend cpu", "cpu compute", "cpu gradient")) {
            assertTrue(run.out().lines().anyMatch(l -> l.matches("(OK  |WARN)  " + check + " .*")),
                check + " in\n" + run.out());
        }
    }

    @Test
    void doctorAsJsonParses() throws IOException {
        Run run = Run.of("doctor", "--json");
        List<String> strings = values(run.out());
        assertTrue(strings.contains("findings") && strings.contains("cpu gradient"), strings::toString);
    }

    @Test
    void jsonEscapesAndKeepsEveryDigit() throws IOException {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("text", "a \"b\"\n");
        map.put("number", 0.1 + 0.2);
        map.put("none", Double.NaN);
        map.put("list", List.of(1, true));
        assertEquals("{\"text\":\"a \\\"b\\\"\\n\",\"number\":0.30000000000000004,\"none\":null,\"list\":[1,true]}",
            Json.line(map));
        assertEquals(List.of("text", "a \"b\"\n", "number", "none", "list"), values(Json.line(map)));
    }

    /// Every string of a JSON text, names included.
    private static List<String> values(String json) throws IOException {
        List<String> out = new ArrayList<>();
        try (var parser = new JsonFactory().createParser(json)) {
            for (JsonToken t = parser.nextToken(); t != null; t = parser.nextToken()) {
                if (t == JsonToken.FIELD_NAME || t == JsonToken.VALUE_STRING) {
                    out.add(parser.getText());
                }
            }
        }
        return out;
    }
}
