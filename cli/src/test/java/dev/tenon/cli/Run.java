package dev.tenon.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/// A command run in this process: its exit code, and what it printed.
record Run(int exitCode, String out, String err) {
    static Run of(String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var command = Main.commandLine();
        command.setOut(new PrintWriter(out, true));
        command.setErr(new PrintWriter(err, true));
        return new Run(command.execute(args), out.toString(), err.toString());
    }
}
