package dev.tenon.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.onnx.OnnxOperators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The list of ONNX operators in the documentation is what the code says.
class OnnxPageTest {
    private static final Path PAGE = Path.of("..", "docs", "onnx.md");
    private static final String BEGIN = "<!-- operators: written by OnnxPageTest -->\n";
    private static final String END = "<!-- end of operators -->\n";

    private static String table() {
        List<OnnxOperators.Row> rows = OnnxOperators.all();
        TreeMap<String, List<OnnxOperators.Row>> groups = rows.stream()
                .collect(Collectors.groupingBy(OnnxOperators.Row::group, TreeMap::new, Collectors.toList()));
        StringBuilder s = new StringBuilder();
        s.append(rows.size()).append(" operators, ONNX's own up to version ").append(OnnxOperators.newestOpset())
                .append(". The number is the first version that has the operator.\n\n");
        groups.forEach((group, all) -> s.append("* **").append(group).append("**: ").append(all.stream()
                .map(r -> r.name() + " " + r.since()).collect(Collectors.joining(", "))).append('\n'));
        return wrapped(s.toString());
    }

    /// Lines of at most 112 characters.
    private static String wrapped(String text) {
        StringBuilder out = new StringBuilder();
        for (String line : text.lines().toList()) {
            StringBuilder current = new StringBuilder();
            for (String word : line.split(" ")) {
                if (current.length() + word.length() > 110) {
                    out.append(current.toString().stripTrailing()).append('\n');
                    current = new StringBuilder("  ");
                }
                current.append(word).append(' ');
            }
            out.append(current.toString().stripTrailing()).append('\n');
        }
        return out.toString();
    }

    @Test
    void theListIsUpToDate() throws IOException {
        String page = Files.readString(PAGE);
        int begin = page.indexOf(BEGIN) + BEGIN.length();
        int end = page.indexOf(END);
        assertTrue(begin >= BEGIN.length() && end >= begin, "docs/onnx.md lacks the marks around the list");
        if (Boolean.getBoolean("tenon.docs.write")) {
            Files.writeString(PAGE, page.substring(0, begin) + table() + page.substring(end));
            return;
        }
        assertEquals(table(), page.substring(begin, end),
                "docs/onnx.md is not what the code gives: run this test with -Dtenon.docs.write=true");
    }
}
