package dev.tenon.api;

import dev.tenon.api.spi.GradientEngine;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/// Finds the services of which there is at most one.
final class Services {
    private Services() {}

    static @Nullable GradientEngine gradientEngine() {
        return ServiceLoader.load(GradientEngine.class)
                .findFirst()
                .or(() -> ServiceLoader.load(GradientEngine.class, Services.class.getClassLoader()).findFirst())
                .orElse(null);
    }
}
