package dev.tenon.benchmarks.jmh;

import dev.tenon.benchmarks.JvmOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// Runs the benchmarks of this package, each in a JVM of its own that has what the kernels need.
public final class JmhRunner {
    private JmhRunner() {}

    /// Does what JMH's own command does: `-l` lists the benchmarks, `-h` says which options there are.
    ///
    /// @param arguments JMH's: expressions that names match, `-p size=...`, `-prof gc`, `-f 0`, ...
    /// @throws CommandLineOptionException if JMH does not understand the arguments
    /// @throws RunnerException if a benchmark fails
    public static void run(String... arguments) throws CommandLineOptionException, RunnerException {
        CommandLineOptions given = new CommandLineOptions(arguments);
        List<String> jvm = new ArrayList<>(JvmOptions.ALL);
        given.getJvmArgsPrepend().orElse(List.of()).forEach(jvm::add);
        // A benchmark that fails is an error of the command, not a line that is missing in the table.
        var options = new OptionsBuilder().parent(given).jvmArgsPrepend(jvm.toArray(String[]::new))
            .shouldFailOnError(true);
        if (given.shouldHelp()) {
            printHelp(given);
            return;
        }
        Runner runner = new Runner(options.build());
        if (given.shouldList()) {
            runner.list();
        } else if (given.shouldListWithParams()) {
            runner.listWithParams(given);
        } else if (given.shouldListProfilers()) {
            given.listProfilers();
        } else if (given.shouldListResultFormats()) {
            given.listResultFormats();
        } else {
            runner.run();
        }
    }

    private static void printHelp(CommandLineOptions given) {
        try {
            given.showHelp();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
