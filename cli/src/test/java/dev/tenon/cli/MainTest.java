package dev.tenon.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class MainTest {

    @Test
    void helpIsPrintedOnRequestAndWithoutArguments() {
        assertTrue(run(0, "--help").contains("Usage: tenon"));
        assertEquals(run(0, "--help"), run(0));
    }

    @Test
    void versionNamesTheProgramAndTheJava() {
        var text = run(0, "--version");
        assertTrue(text.startsWith("tenon "), text);
        assertTrue(text.contains("Java " + Runtime.version()), text);
    }

    @Test
    void anUnknownWordIsWrongUsage() {
        assertTrue(run(2, "no-such-command").contains("no-such-command"));
    }

    private static String run(int expectedExitCode, String... args) {
        var text = new StringWriter();
        var command = Main.commandLine();
        command.setOut(new PrintWriter(text, true));
        command.setErr(new PrintWriter(text, true));
        assertEquals(expectedExitCode, command.execute(args), text::toString);
        return text.toString();
    }
}
