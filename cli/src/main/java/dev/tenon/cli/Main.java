package dev.tenon.cli;

import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// The `tenon` command. It does nothing by itself but name its subcommands.
@Command(
    name = "tenon",
    description = "Deep learning on the JVM.",
    subcommands = {
        TrainCommand.class, PredictCommand.class, SummaryCommand.class, ConvertCommand.class, RunCommand.class,
        ShowCommand.class, DevicesCommand.class, DoctorCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    usageHelpAutoWidth = true)
public final class Main implements Runnable {

    @Spec
    private @Nullable CommandSpec spec;

    /// Made by picocli.
    public Main() {}

    /// Runs the command and ends the JVM with its exit code: 0 success, 1 failure, 2 wrong usage.
    ///
    /// @param args the words after `tenon`
    public static void main(String... args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main());
        line.setParameterExceptionHandler((e, _) -> {
            PrintWriter err = e.getCommandLine().getErr();
            err.println("tenon: " + oneLine(e.getMessage()) + "; see " + e.getCommandLine().getCommandSpec()
                .qualifiedName() + " --help");
            return CommandLine.ExitCode.USAGE;
        });
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            if (parsed.expandedArgs().contains("--debug")) {
                e.printStackTrace(command.getErr());
            } else {
                command.getErr().println("tenon: " + oneLine(describe(e)));
            }
            return e instanceof UsageException ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
        });
        return line;
    }

    /// The writer that a command prints its results to.
    static PrintWriter out(@Nullable CommandSpec spec) {
        return spec == null ? new PrintWriter(System.out, true) : spec.commandLine().getOut();
    }

    /// The writer that a command prints its remarks to.
    static PrintWriter err(@Nullable CommandSpec spec) {
        return spec == null ? new PrintWriter(System.err, true) : spec.commandLine().getErr();
    }

    private static String describe(Throwable e) {
        String message = e.getMessage();
        return message == null || message.isBlank() ? e.toString() : message;
    }

    private static String oneLine(String message) {
        return message.strip().replaceAll("\\s*\\R\\s*", "; ");
    }

    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(spec.commandLine().getOut());
        }
    }

    /// The version of this module; on the class path, where modules have none, that of the jar's manifest.
    static final class Version implements IVersionProvider {

        Version() {}

        @Override
        public String[] getVersion() {
            var descriptor = Main.class.getModule().getDescriptor();
            @Nullable String version = descriptor == null
                ? Main.class.getPackage().getImplementationVersion()
                : descriptor.rawVersion().orElse(null);
            return new String[] {
                "tenon " + (version == null ? "(development build)" : version),
                "Java " + Runtime.version() + ", "
                    + System.getProperty("os.name") + " " + System.getProperty("os.arch"),
            };
        }
    }
}
