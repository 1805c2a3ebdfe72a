package dev.tenon.backend.cuda;

import dev.tenon.api.BackendException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A compiler whose machine code is the source.
final class FakeCompiler implements Compiler {
    final List<String> compiled = new ArrayList<>();

    @Override
    public String identity(int capability) {
        return "fake " + capability;
    }

    @Override
    public byte[] compile(String source, int capability, String name) {
        if (source.contains("undeclared")) {
            throw new BackendException(name + ": a kernel does not compile: undeclared");
        }
        compiled.add(source);
        return source.getBytes(StandardCharsets.UTF_8);
    }
}
