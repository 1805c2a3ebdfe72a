package dev.tenon.backend.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One of CUDA's libraries, whichever version of it is installed and wherever.
///
/// Looked for in this order: the folder that `-Dtenon.cuda.home` names, the system's own search path, `CUDA_HOME`,
/// `CUDA_PATH` and `CUDNN_PATH`, `/usr/local/cuda*` and `/opt/cuda`, and the packages that pip installs
/// (`nvidia/…/lib`) in the active environment, the user's folder and the system's Pythons.
final class NativeLibrary {
    private static final boolean WINDOWS =
            System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");

    private final String where;
    private final SymbolLookup symbols;

    private NativeLibrary(String where, SymbolLookup symbols) {
        this.where = where;
        this.symbols = symbols;
    }

    /// The library, or why there is none.
    record Search(@Nullable NativeLibrary library, String reason) {}

    /// Loads a library by the first of its names that exists.
    ///
    /// @param base its name without version, such as `nvrtc`
    /// @param versions the versions that will do, the best first
    static Search open(String base, int... versions) {
        return open(base, home(), folders(), versions);
    }

    /// @param home folders that come before the system's search path
    /// @param folders folders that come after it
    // Loading native code is what this class is for.
    @SuppressWarnings("restricted")
    static Search open(String base, List<Path> home, List<Path> folders, int... versions) {
        List<String> failures = new ArrayList<>();
        List<String> names = names(base, versions);
        for (boolean system : new boolean[] {false, true}) {
            for (String name : names) {
                for (Path folder : system ? folders : home) {
                    Path file = folder.resolve(name);
                    if (Files.isRegularFile(file)) {
                        try {
                            preload(folder, base);
                            return new Search(new NativeLibrary(file.toString(),
                                    SymbolLookup.libraryLookup(file, Arena.global())), "");
                        } catch (IllegalArgumentException e) {
                            failures.add(file + " cannot be loaded: " + e.getMessage());
                        }
                    }
                }
            }
            for (String name : system ? List.<String>of() : names) {
                NativeLibrary found = onSystemPath(name);
                if (found != null) {
                    return new Search(found, "");
                }
            }
        }
        return new Search(null, failures.isEmpty()
                ? "no " + String.join(" or ", names) + " was found: install the CUDA toolkit, or with pip"
                        + " nvidia-" + (base.equals("nvrtc") ? "cuda-nvrtc" : base.equals("cudnn") ? "cudnn-cu13"
                        : "cublas") + ", or name its folder by -Dtenon.cuda.home"
                : String.join("; ", failures));
    }

    /// Loads what a library opens by its bare name when it works, and would not find: NVRTC's built-in functions lie
    /// beside it, where the system's loader does not look.
    // As above.
    @SuppressWarnings("restricted")
    private static void preload(Path folder, String base) {
        if (base.equals("nvrtc")) {
            files(folder, WINDOWS ? "nvrtc-builtins" : "libnvrtc-builtins.so").stream().limit(1)
                    .forEach(f -> SymbolLookup.libraryLookup(f, Arena.global()));
        }
    }

    // As above.
    @SuppressWarnings("restricted")
    private static @Nullable NativeLibrary onSystemPath(String name) {
        try {
            return new NativeLibrary(name, SymbolLookup.libraryLookup(name, Arena.global()));
        } catch (IllegalArgumentException e) {
            // The system's loader does not find it.
            return null;
        }
    }

    /// A file name for each version, as the systems name libraries.
    static List<String> names(String base, int... versions) {
        List<String> names = new ArrayList<>();
        for (int v : versions) {
            names.add(!WINDOWS ? "lib" + base + ".so." + v
                    : base.equals("nvrtc") ? "nvrtc64_" + v + "0_0.dll" : base + "64_" + v + ".dll");
        }
        return names;
    }

    /// Where the library was found.
    String where() {
        return where;
    }

    /// A function of the library.
    ///
    /// @throws UnsatisfiedLinkError if it has none of that name
    // Calling native code is what this class is for.
    @SuppressWarnings("restricted")
    MethodHandle function(String name, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(
                symbols.find(name).orElseThrow(() -> new UnsatisfiedLinkError(where + " has no function " + name)),
                type);
    }

    /// Calls a function of a library.
    static Object call(MethodHandle function, Object... arguments) {
        try {
            return function.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("native functions throw nothing checked", e);
        }
    }

    private static List<Path> home() {
        String named = System.getProperty("tenon.cuda.home", "");
        return named.isBlank() ? List.of() : inside(Path.of(named));
    }

    /// The folders within an installation of CUDA in which its libraries may lie.
    private static List<Path> inside(Path home) {
        return Stream.of("", "lib64", "lib", "bin", "bin/x64", "lib/x64", "targets/x86_64-linux/lib")
                .map(home::resolve).toList();
    }

    private static List<Path> folders() {
        Set<Path> out = new LinkedHashSet<>();
        for (String variable : List.of("CUDA_HOME", "CUDA_PATH", "CUDNN_PATH")) {
            String home = System.getenv(variable);
            if (home != null && !home.isBlank()) {
                out.addAll(inside(Path.of(home)));
            }
        }
        for (Path p : below(Path.of("/usr/local"), "cuda")) {
            out.addAll(inside(p));
        }
        out.addAll(inside(Path.of("/opt/cuda")));
        for (Path site : sitePackages()) {
            for (Path p : below(site.resolve("nvidia"), "")) {
                out.add(p.resolve("lib"));
                out.add(p.resolve("bin"));
            }
        }
        return List.copyOf(out);
    }

    /// Where pip puts packages.
    private static List<Path> sitePackages() {
        List<Path> roots = new ArrayList<>();
        for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
            String root = System.getenv(variable);
            if (root != null && !root.isBlank()) {
                roots.add(Path.of(root));
            }
        }
        roots.add(Path.of(System.getProperty("user.home", "."), ".local"));
        roots.add(Path.of("/usr/local"));
        roots.add(Path.of("/usr"));
        roots.add(Path.of("/opt/conda"));
        List<Path> out = new ArrayList<>();
        for (Path root : roots) {
            out.add(root.resolve("Lib").resolve("site-packages"));
            for (Path python : below(root.resolve("lib"), "python3")) {
                out.add(python.resolve("site-packages"));
                out.add(python.resolve("dist-packages"));
            }
        }
        return out;
    }

    /// The folders in a folder whose names begin so, the last name first: of several versions the newest.
    private static List<Path> below(Path folder, String prefix) {
        return files(folder, prefix).stream().filter(Files::isDirectory).toList();
    }

    private static List<Path> files(Path folder, String prefix) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(p -> p.getFileName().toString().startsWith(prefix))
                    .sorted(Comparator.reverseOrder()).toList();
        } catch (IOException e) {
            // A folder that may not be read is none for us.
            return List.of();
        }
    }
}
