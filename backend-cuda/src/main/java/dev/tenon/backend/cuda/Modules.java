package dev.tenon.backend.cuda;

import dev.tenon.api.BackendException;
import dev.tenon.api.OutOfMemoryException;
import dev.tenon.backend.cuda.Driver.Handle;
import dev.tenon.kernel.BinaryCache;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A device's loaded programs by their text: those used of late in memory, all of them on disk.
final class Modules {
    private static final System.Logger LOG = System.getLogger("dev.tenon.cuda");
    private static final Cleaner CLEANER = Cleaner.create();
    private static final int KEPT = 4096;

    private final CudaContext context;
    private final Compiler compiler;
    private final int capability;
    private final BinaryCache binaries;
    private final Map<String, Loaded> modules = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Loaded> eldest) {
            return size() > KEPT;
        }
    };

    /// A loaded module; unloaded when neither this nor a kernel that was made of it is reachable.
    static final class Loaded {
        private final CudaContext context;
        private final Handle module;

        private Loaded(CudaContext context, Handle module) {
            this.context = context;
            this.module = module;
            CLEANER.register(this, () -> {
                try {
                    context.run(() -> "unloading a module", () -> context.driver().unloadModule(module));
                } catch (RuntimeException e) {
                    // Nobody waits for it: a device that was lost has no modules any more.
                    LOG.log(Level.DEBUG, "unloading a module failed", e);
                }
            });
        }

        /// A kernel function.
        Handle function(String entry, String name) {
            return context.get(() -> name + ": finding " + entry, () -> context.driver().function(module, entry));
        }
    }

    Modules(CudaContext context, Compiler compiler, int capability, BinaryCache binaries) {
        this.context = context;
        this.compiler = compiler;
        this.capability = capability;
        this.binaries = binaries;
    }

    /// The program, loaded.
    ///
    /// @param name who wants it, for messages
    /// @throws dev.tenon.api.BackendException if it does not compile; the message holds the compiler's log
    synchronized Loaded load(String source, String name) {
        Loaded loaded = modules.get(source);
        if (loaded == null) {
            String key = compiler.identity(capability) + "\n" + source;
            loaded = fromDisk(key, name);
            if (loaded == null) {
                byte[] image = compiler.compile(source, capability, context.device() + ": " + name);
                loaded = load(image, name);
                binaries.write(key, image);
            }
            modules.put(source, loaded);
        }
        return loaded;
    }

    private @Nullable Loaded fromDisk(String key, String name) {
        byte[] image = binaries.read(key);
        if (image == null) {
            return null;
        }
        try {
            return load(image, name);
        } catch (OutOfMemoryException e) {
            throw e;
        } catch (BackendException e) {
            // Code that this driver does not take: as if there were none.
            LOG.log(Level.DEBUG, "a kept program is not taken", e);
            return null;
        }
    }

    private Loaded load(byte[] image, String name) {
        return new Loaded(context,
                context.get(() -> name + ": loading its kernels", () -> context.driver().loadModule(image)));
    }
}
