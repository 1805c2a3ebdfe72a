package dev.tenon.backend.opencl;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The files by which drivers announce themselves to the OpenCL loader of Unix systems: each `*.icd` names a library.
/// The loader passes over broken ones without a word; this finds the word.
final class Drivers {
    private Drivers() {}

    /// The folder, or the only file, that the loader reads.
    private static Path place() {
        for (String variable : List.of("OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH")) {
            String named = System.getenv(variable);
            if (named != null && !named.isBlank()) {
                return Path.of(named);
            }
        }
        return Path.of("/etc/OpenCL/vendors");
    }

    /// What is wrong with each file that names a library which cannot be used.
    ///
    /// @param load whether to try to load the libraries too, and not only to look whether they are there
    static List<String> broken(boolean load) {
        List<String> out = new ArrayList<>();
        Path place = place();
        try (Stream<Path> files = Files.isDirectory(place) ? Files.list(place) : Stream.of(place)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".icd")).sorted().toList()) {
                String why = fault(file, load);
                if (!why.isEmpty()) {
                    out.add("the driver file " + file + " " + why);
                }
            }
        } catch (IOException e) {
            out.add("the folder of driver files " + place + " cannot be read: " + e);
        }
        return out;
    }

    // Loading runs the library's initialisers, as the OpenCL loader has done before.
    @SuppressWarnings("restricted")
    private static String fault(Path file, boolean load) {
        String library;
        try {
            library = Files.readString(file).lines().findFirst().orElse("").strip();
        } catch (IOException e) {
            return "cannot be read: " + e;
        }
        if (library.isEmpty()) {
            return "names no library";
        }
        if (Path.of(library).isAbsolute() && !Files.exists(Path.of(library))) {
            return "names " + library + ", which is not there";
        }
        if (load) {
            try (Arena arena = Arena.ofConfined()) {
                SymbolLookup.libraryLookup(library, arena);
            } catch (IllegalArgumentException e) {
                return "names " + library + ", which cannot be loaded";
            }
        }
        return "";
    }
}
