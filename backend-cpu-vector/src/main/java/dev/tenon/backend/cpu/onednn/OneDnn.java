package dev.tenon.backend.cpu.onednn;

import dev.tenon.backend.cpu.Use;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/// Whether oneDNN is used, and where it comes from.
///
/// `-Dtenon.cpu.onednn` says when: `auto` (the default) for the ops and shapes that [Rules] names, `true` for all that
/// it can do, `false` never. The library is the one that `-Dtenon.cpu.onednn.library` names, else the one in Bytedeco's
/// jar of natives (`org.bytedeco:dnnl`, classifier `linux-x86_64`) if that is on the class or module path, else
/// the system's `libdnnl.so.3`. Where there is none, or it does not load, all else works without.
public final class OneDnn {
    private static final String SWITCH = "tenon.cpu.onednn";
    private static final String RESOURCE = "org/bytedeco/dnnl/linux-x86_64/";
    private static final String FILE = "libdnnl.so.3";
    /// What it is built on, in the same jar.
    private static final String THREADS = "libgomp.so.1";

    private OneDnn() {}

    /// When to use it.
    ///
    /// @throws IllegalArgumentException if the property says something else
    public static Use use() {
        return Use.of(SWITCH);
    }

    /// Whether it is there and wanted. Loads it when first asked.
    public static boolean isAvailable() {
        return use() != Use.FALSE && Loaded.SYMBOLS != null;
    }

    /// Its version, or why it is not used.
    public static String describe() {
        return use() == Use.FALSE ? "oneDNN is switched off by -D" + SWITCH + "=false" : Loaded.DESCRIPTION;
    }

    /// Whether the library is new enough for ops that follow a convolution: how their operands are numbered changed.
    static boolean addsAfter() {
        Version v = Loaded.VERSION;
        return v != null && v.minor() >= 11;
    }

    /// The library's functions.
    static SymbolLookup symbols() {
        SymbolLookup s = Loaded.SYMBOLS;
        if (s == null) {
            throw new IllegalStateException(Loaded.DESCRIPTION);
        }
        return s;
    }

    /// Filled when first asked for.
    private static final class Loaded {
        static final @Nullable SymbolLookup SYMBOLS;
        static final String DESCRIPTION;
        static final @Nullable Version VERSION;

        static {
            SymbolLookup symbols = null;
            Version version = null;
            String description;
            try {
                String where = locate();
                symbols = open(where);
                version = Version.of(symbols);
                String problem = version.problem(symbols);
                description = problem.isEmpty() ? "oneDNN " + version : "no oneDNN: " + where + " is " + problem;
                symbols = problem.isEmpty() ? symbols : null;
            } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
                description = "no oneDNN: " + e.getMessage();
            }
            SYMBOLS = symbols;
            VERSION = version;
            DESCRIPTION = description;
            System.getLogger("dev.tenon").log(Level.DEBUG, description);
        }

        private Loaded() {}
    }

    @SuppressWarnings("restricted")
    private static SymbolLookup open(String name) {
        return name.contains("/") ? SymbolLookup.libraryLookup(Path.of(name), Arena.global())
                : SymbolLookup.libraryLookup(name, Arena.global());
    }

    private static String locate() throws IOException {
        String named = System.getProperty(SWITCH + ".library", "");
        if (!named.isEmpty()) {
            return Path.of(named).toAbsolutePath().toString();
        }
        if (!System.getProperty("os.name", "").equals("Linux") || !System.getProperty("os.arch", "").equals("amd64")) {
            throw new UnsupportedOperationException("it is looked for on Linux for amd64 only; -D" + SWITCH
                    + ".library=file names one");
        }
        ClassLoader own = OneDnn.class.getClassLoader();
        URL url = own == null ? null : own.getResource(RESOURCE + FILE);
        url = url == null ? ClassLoader.getSystemResource(RESOURCE + FILE) : url;
        return url == null ? FILE : extracted(url);
    }

    /// The library as a file: beside the classes, or copied out of a jar into the user's folder for caches once.
    private static String extracted(URL url) throws IOException {
        if (url.getProtocol().equals("file")) {
            try {
                return Path.of(url.toURI()).toString();
            } catch (URISyntaxException e) {
                throw new IOException(url + " names no file", e);
            }
        }
        String id = "unknown";
        if (url.openConnection() instanceof JarURLConnection jar) {
            id = Long.toHexString(jar.getJarEntry().getCrc());
        }
        String cache = System.getProperty("tenon.cache", "");
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path base = !cache.isEmpty() ? Path.of(cache)
                : (xdg == null || xdg.isBlank() ? Path.of(System.getProperty("user.home", "."), ".cache")
                : Path.of(xdg)).resolve("tenon");
        Path folder = base.resolve("onednn-" + id);
        Files.createDirectories(folder);
        // The threads first: whoever sees the library sees all of it.
        String beside = url.toString().substring(0, url.toString().length() - FILE.length());
        copy(URI.create(beside + THREADS).toURL(), folder.resolve(THREADS));
        copy(url, folder.resolve(FILE));
        return folder.resolve(FILE).toString();
    }

    private static void copy(URL from, Path to) throws IOException {
        if (Files.exists(to)) {
            return;
        }
        Path temporary = Files.createTempFile(to.getParent(), to.getFileName().toString(), ".tmp");
        try {
            try (InputStream in = from.openStream()) {
                Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
            }
            try {
                Files.move(temporary, to, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, to, StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
