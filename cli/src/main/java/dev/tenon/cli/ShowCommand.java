package dev.tenon.cli;

import dev.tenon.api.Device;
import dev.tenon.onnx.OnnxModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `tenon show`: what is in a model file.
@Command(
    name = "show",
    description = "Lists the inputs, outputs, operator versions, parameters and nodes of an ONNX model.",
    mixinStandardHelpOptions = true)
final class ShowCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "An ONNX model.")
    private Path model = Path.of("");

    ShowCommand() {}

    @Override
    public Integer call() throws IOException {
        Main.out(spec).print(OnnxModel.read(model, Device.getDefault()).describe());
        Main.out(spec).flush();
        return 0;
    }
}
