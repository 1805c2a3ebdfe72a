package dev.tenon.conformance;

import dev.tenon.api.Device;
import dev.tenon.onnx.OnnxModel;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/// A set of ONNX's backend cases: a zip file, or a folder, with a folder for each case.
final class OnnxCases implements AutoCloseable {
    private final String tag;
    private final @Nullable Path folder;
    private final @Nullable ZipFile zip;
    /// The files of each case, by its name: their names within the case.
    private final TreeMap<String, TreeSet<String>> cases = new TreeMap<>();

    private OnnxCases(Path place) throws IOException {
        boolean zipped = Files.isRegularFile(place);
        String name = place.getFileName().toString();
        tag = zipped ? name.substring(0, name.length() - ".zip".length()) : name;
        folder = zipped ? null : place;
        zip = zipped ? new ZipFile(place.toFile()) : null;
        if (zip != null) {
            zip.stream().filter(e -> !e.isDirectory()).forEach(e -> add(e.getName()));
        } else {
            try (var all = Files.walk(place, FileVisitOption.FOLLOW_LINKS)) {
                all.filter(Files::isRegularFile)
                        .forEach(p -> add(place.relativize(p).toString().replace('\\', '/')));
            }
        }
        cases.values().removeIf(files -> !files.contains("model.onnx"));
    }

    private void add(String path) {
        int slash = path.indexOf('/');
        if (slash > 0) {
            cases.computeIfAbsent(path.substring(0, slash), _ -> new TreeSet<>()).add(path.substring(slash + 1));
        }
    }

    /// The sets there are, by name.
    static List<OnnxCases> find() throws IOException {
        List<OnnxCases> all = new ArrayList<>();
        for (Path folder : OnnxNodeConformanceTest.folders()) {
            for (Path p : OnnxNodeConformanceTest.listed(folder)) {
                if (Files.isDirectory(p) || p.toString().endsWith(".zip")) {
                    all.add(new OnnxCases(p));
                }
            }
        }
        return all;
    }

    String tag() {
        return tag;
    }

    Iterable<String> names() {
        return cases.keySet();
    }

    OnnxModel model(String name, Device device) throws IOException {
        return folder != null ? OnnxModel.read(folder.resolve(name).resolve("model.onnx"), device)
                : OnnxModel.read(file(name, "model.onnx").orElseThrow(), device);
    }

    /// The folders with inputs and outputs of a case.
    List<String> dataSets(String name) {
        return cases.get(name).stream().filter(f -> f.contains("/")).map(f -> f.substring(0, f.indexOf('/')))
                .filter(f -> f.startsWith("test_data_set_")).distinct().toList();
    }

    Optional<byte[]> file(String name, String path) throws IOException {
        if (!cases.get(name).contains(path)) {
            return Optional.empty();
        }
        if (folder != null) {
            return Optional.of(Files.readAllBytes(folder.resolve(name).resolve(path)));
        }
        ZipFile file = zip;
        if (file == null) {
            throw new IllegalStateException("neither a folder nor a zip file");
        }
        ZipEntry entry = file.getEntry(name + "/" + path);
        try (var in = file.getInputStream(entry)) {
            return Optional.of(in.readAllBytes());
        }
    }

    @Override
    public void close() throws IOException {
        if (zip != null) {
            zip.close();
        }
    }
}
