package dev.tenon.api.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceFileTest {
    @TempDir
    Path folder;

    @Test
    void everyTrackIsARowAndEveryIntervalALine() throws IOException {
        Path path = folder.resolve("trace.json");
        long now = System.nanoTime();
        try (TraceFile trace = new TraceFile(path)) {
            trace.add("queue \"1\"", "copy", now, now + 2_500, Map.of("bytes", 7));
            trace.add("main", "compute", now, now + 1_000, Map.of());
            trace.add("main", "compute", now + 2_000, now + 3_000, Map.of());
            trace.flush();
            assertEquals(6, Files.readAllLines(path).size(), "two rows, three intervals and the bracket before them");
        }
        List<String> lines = Files.readAllLines(path);
        assertEquals("[", lines.getFirst());
        assertEquals("]", lines.getLast());
        assertEquals("{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":1,"
            + "\"args\":{\"name\":\"queue \\\"1\\\"\"}},", lines.get(1));
        assertTrue(lines.get(2).startsWith("{\"name\":\"copy\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":")
            && lines.get(2).endsWith("\"dur\":2.500,\"args\":{\"bytes\":7}},"), lines.get(2));
        assertEquals(2, lines.stream().filter(l -> l.contains("\"compute\"") && l.contains("\"tid\":2")).count());
    }

    @Test
    void whatComesAfterTheEndIsNotWritten() throws IOException {
        Path path = folder.resolve("trace.json");
        TraceFile trace = new TraceFile(path);
        trace.close();
        trace.close();
        trace.add("main", "late", 0, 1, Map.of());
        trace.flush();
        assertEquals(List.of("[", "", "]"), Files.readAllLines(path));
    }

    @Test
    void aPropertyNamesTheFileOfTheProcess() {
        String property = "tenon.test.trace";
        assertNull(TraceFile.ofProcess(property));
        try {
            System.setProperty(property, folder.resolve("process.json").toString());
            assertSame(TraceFile.ofProcess(property), TraceFile.ofProcess(property));
            System.setProperty(property, folder.resolve("no/such/process.json").toString());
            UncheckedIOException e =
                assertThrows(UncheckedIOException.class, () -> TraceFile.ofProcess(property));
            assertTrue(e.getMessage().startsWith("-Dtenon.test.trace="), e.getMessage());
        } finally {
            System.clearProperty(property);
        }
    }
}
