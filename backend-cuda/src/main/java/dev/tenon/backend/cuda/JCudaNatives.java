package dev.tenon.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import jcuda.JCudaVersion;
import jcuda.LibUtils;

/// Puts JCuda's native part where JCuda looks for it. JCuda takes it out of its jar itself on the class path only: on
/// the module path the jar is a module of its own. And it loads whatever lies at that place under the right name, also
/// the half of a file that an interrupted process left there, or somebody else's.
final class JCudaNatives {
    private JCudaNatives() {}

    /// Makes sure that the file is there and is the one in the jar.
    ///
    /// @throws IOException if there is none, or it cannot be put there
    static void place() throws IOException {
        String file = LibUtils.createLibraryFileName(
                LibUtils.createPlatformLibraryName("JCudaDriver-" + JCudaVersion.get()));
        byte[] wanted = read(file);
        Path there = Path.of(System.getProperty("java.io.tmpdir"), file);
        if (Files.isRegularFile(there) && Arrays.equals(Files.readAllBytes(there), wanted)) {
            return;
        }
        Path part = Files.createTempFile(there.getParent(), "jcuda", ".tmp");
        try {
            Files.write(part, wanted);
            // Other users look at the same place.
            part.toFile().setReadable(true, false);
            Files.move(part, there, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static byte[] read(String file) throws IOException {
        for (ClassLoader loader : new ClassLoader[] {LibUtils.class.getClassLoader(),
            ClassLoader.getSystemClassLoader(), Thread.currentThread().getContextClassLoader()}) {
            if (loader == null) {
                continue;
            }
            try (InputStream in = loader.getResourceAsStream("lib/" + file)) {
                if (in != null) {
                    return in.readAllBytes();
                }
            }
        }
        throw new IOException("lib/" + file + " is in no jar: add org.jcuda:jcuda-natives for this system");
    }
}
