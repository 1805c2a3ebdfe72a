package dev.tenon.data.format;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A strict parser of the part of JSON (RFC 8259) that headers of tensor files are made of: objects, arrays, strings
/// and whole numbers that are not negative. Names that come twice, trailing content and deep nesting are errors.
///
/// Values are `Map<String, Object>`, `List<Object>`, `String` and `Long`.
final class HeaderParser extends HeaderScanner {
    private static final int MAX_DEPTH = 8;

    private HeaderParser(String text) {
        super(text);
    }

    /// The object that the text holds.
    ///
    /// @throws Misfit if it holds none; the message says where
    static Map<String, Object> parse(String text) throws Misfit {
        HeaderParser p = new HeaderParser(text);
        try {
            p.skipSpace();
            Map<String, Object> object = p.object(0);
            p.skipSpace();
            if (p.at < text.length()) {
                throw p.expected("the end");
            }
            return object;
        } catch (Misfit e) {
            throw new Misfit("at character " + p.at + ": " + e.getMessage());
        }
    }

    private Map<String, Object> object(int depth) throws Misfit {
        need('{');
        Map<String, Object> out = new LinkedHashMap<>();
        if (take('}')) {
            return out;
        }
        do {
            skipSpace();
            int start = at;
            String name = string();
            need(':');
            if (out.put(name, value(depth + 1)) != null) {
                at = start;
                throw expected("each name once");
            }
        } while (take(','));
        need('}');
        return out;
    }

    private List<Object> array(int depth) throws Misfit {
        need('[');
        List<Object> out = new ArrayList<>();
        if (take(']')) {
            return out;
        }
        do {
            out.add(value(depth + 1));
        } while (take(','));
        need(']');
        return out;
    }

    private Object value(int depth) throws Misfit {
        if (depth > MAX_DEPTH) {
            throw expected("at most " + MAX_DEPTH + " levels");
        }
        skipSpace();
        char c = at < text.length() ? text.charAt(at) : 0;
        return switch (c) {
            case '{' -> object(depth);
            case '[' -> array(depth);
            case '"' -> string();
            default -> number();
        };
    }

    private Long number() throws Misfit {
        int start = at;
        String what = "a string, an object, an array or a whole number below 10^18";
        long value = digits(what);
        if (at - start > 1 && text.charAt(start) == '0') {
            at = start;
            throw expected(what);
        }
        return value;
    }

    private String string() throws Misfit {
        need('"');
        StringBuilder s = new StringBuilder();
        while (true) {
            if (at >= text.length()) {
                throw expected("the end of a string");
            }
            char c = text.charAt(at++);
            if (c == '"') {
                return s.toString();
            }
            if (c < ' ') {
                at--;
                throw expected("no control character inside a string");
            }
            s.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() throws Misfit {
        char c = at < text.length() ? text.charAt(at++) : 0;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                String hex = text.substring(at, Math.min(text.length(), at + 4));
                if (!hex.matches("[0-9a-fA-F]{4}")) {
                    throw expected("four hexadecimal digits");
                }
                at += 4;
                yield (char) Integer.parseInt(hex, 16);
            }
            default -> {
                at--;
                throw expected("an escape");
            }
        };
    }

    /// The text as a JSON string, with its quotes.
    static String quoted(String s) {
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
