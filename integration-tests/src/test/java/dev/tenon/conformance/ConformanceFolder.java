package dev.tenon.conformance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where the reference data lie: the folder of `-Dtenon.conformance.dir`, by default `shared/conformance` beside the
/// repository or further up.
final class ConformanceFolder {
    private ConformanceFolder() {}

    /// A folder in it.
    ///
    /// @param file what the folder must hold
    static Optional<Path> find(String folder, String file) {
        String given = System.getProperty("tenon.conformance.dir");
        List<Path> candidates = new ArrayList<>();
        if (given != null) {
            candidates.add(Path.of(given));
            candidates.add(Path.of("..").resolve(given));
        }
        for (Path p = Path.of("").toAbsolutePath(); given == null && p != null; p = p.getParent()) {
            candidates.add(p.resolve("shared").resolve("conformance"));
        }
        return candidates.stream()
                .map(p -> p.resolve(folder))
                .filter(p -> Files.isRegularFile(p.resolve(file)))
                .findFirst();
    }
}
