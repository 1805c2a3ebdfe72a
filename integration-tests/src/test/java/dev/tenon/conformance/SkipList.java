package dev.tenon.conformance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Cases that are left out, each with its reason. A line of the file reads `pattern : reason`, where the pattern is a
/// case's id, or the beginning of several followed by `*`; `#` starts a comment.
final class SkipList {
    private record Entry(String pattern, String reason) {
        boolean matches(String id) {
            return pattern.endsWith("*")
                    ? id.startsWith(pattern.substring(0, pattern.length() - 1))
                    : id.equals(pattern);
        }
    }

    private final List<Entry> entries = new ArrayList<>();

    static SkipList read(String resource) {
        SkipList list = new SkipList();
        try (InputStream in = SkipList.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("no resource " + resource);
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int colon = line.indexOf(" : ");
                if (!line.startsWith("#") && !line.isBlank()) {
                    if (colon < 0 || line.substring(colon + 3).isBlank()) {
                        throw new IllegalStateException(resource + ": no reason in \"" + line + "\"");
                    }
                    list.entries.add(new Entry(line.substring(0, colon).trim(), line.substring(colon + 3).trim()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + resource, e);
        }
        return list;
    }

    /// Why a case is left out, if it is.
    Optional<String> reason(String id) {
        return entries.stream().filter(e -> e.matches(id)).map(Entry::reason).findFirst();
    }
}
