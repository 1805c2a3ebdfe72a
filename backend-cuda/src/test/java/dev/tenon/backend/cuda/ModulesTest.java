package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.BackendException;
import dev.tenon.kernel.BinaryCache;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModulesTest {
    private final FakeDriver driver = new FakeDriver();
    private final FakeCompiler compiler = new FakeCompiler();
    private final CudaContext context =
            new CudaContext("cuda:0", driver, driver.retainPrimaryContext(0), false);

    @TempDir
    private Path folder;

    private Modules modules(int capability) {
        return new Modules(context, compiler, capability, new BinaryCache("cuda", folder));
    }

    @Test
    void textsAreCompiledOnceAndKeptOnDisk() {
        Modules m = modules(90);
        assertSame(m.load("void a() {", "one"), m.load("void a() {", "two"));
        modules(90).load("void a() {", "three");
        assertEquals(1, compiler.compiled.size());
        modules(80).load("void a() {", "another device");
        assertEquals(2, compiler.compiled.size());
    }

    @Test
    void codeThatTheDriverRefusesIsCompiledAnew() {
        modules(90).load("void a() {", "one");
        driver.failures.put("cuModuleLoadData", 209);
        modules(90).load("void a() {", "two");
        assertEquals(2, compiler.compiled.size());
    }

    @Test
    void errorsNameTheDeviceAndTheOp() {
        BackendException e = assertThrows(BackendException.class, () -> modules(90).load("undeclared", "softmax"));
        assertTrue(e.getMessage().startsWith("cuda:0: softmax: a kernel does not compile"), e.getMessage());
        Modules.Loaded m = modules(90).load("void a() {", "one");
        BackendException missing = assertThrows(BackendException.class, () -> m.function("b", "softmax"));
        assertTrue(missing.getMessage().contains("softmax: finding b"), missing.getMessage());
    }
}
