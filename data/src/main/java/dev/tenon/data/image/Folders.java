package dev.tenon.data.image;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Finds a data set's files where other programs put them.
final class Folders {
    private Folders() {
    }

    /// The file in the first of the folders that holds it under one of its names.
    static Optional<Path> first(List<Path> folders, List<String> names) {
        return folders.stream().flatMap(f -> names.stream().map(f::resolve)).filter(Files::isRegularFile).findFirst();
    }

    /// The first of the folders that holds the file under one of its names.
    ///
    /// @throws NoSuchFileException if none does; the message lists what was looked for
    static Path find(String dataset, List<Path> folders, List<String> names) throws NoSuchFileException {
        Optional<Path> found = first(folders, names);
        if (found.isPresent()) {
            return found.get();
        }
        List<String> looked = new ArrayList<>();
        for (Path folder : folders) {
            looked.add(folder.toAbsolutePath().normalize() + (Files.isDirectory(folder) ? "" : " (no such folder)"));
        }
        throw new NoSuchFileException(folders.getFirst().toString(), null, dataset + ": found none of "
            + String.join(", ", names) + " in any of " + String.join(", ", looked)
            + "; fetch the data set's files and give the folder they are in");
    }
}
