package dev.tenon.cli;

import dev.tenon.nn.Parameter;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.AdamW;
import dev.tenon.nn.optim.Lion;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.RMSprop;
import dev.tenon.nn.optim.SGD;
import java.util.List;
import java.util.stream.Collectors;

/// The optimisers that the command line knows.
///
/// @param name the word for it
/// @param lr the learning rate where none is given
/// @param maker makes it
record Optimizers(String name, double lr, Maker maker) {
    /// Makes an optimiser.
    @FunctionalInterface
    interface Maker {
        Optimizer of(List<Parameter> parameters, double lr);
    }

    static final List<Optimizers> ALL = List.of(
        new Optimizers("sgd", 0.05, (p, lr) -> new SGD(p, SGD.options(lr).momentum(0.9))),
        new Optimizers("adam", 0.002, Adam::new),
        new Optimizers("adamw", 0.002, AdamW::new),
        new Optimizers("rmsprop", 0.0005, RMSprop::new),
        new Optimizers("lion", 0.0005, Lion::new));

    static Optimizers of(String name) {
        return ALL.stream().filter(o -> o.name.equals(name)).findFirst().orElseThrow(() ->
            new UsageException("unknown optimizer \"" + name + "\"; there are "
                + ALL.stream().map(Optimizers::name).collect(Collectors.joining(", "))));
    }
}
