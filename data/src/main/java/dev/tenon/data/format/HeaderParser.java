package dev.tenon.data.format;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A strict parser of the part of JSON (RFC 8259) that headers of tensor files are made of: objects, arrays, strings
/// and whole numbers that are not negative. Names that come twice, trailing content and deep nesting are errors.
///
/// Values are `Map<String, Object>`, `List<Object>`, `String` and `Long`.
final class HeaderParser {
    private static final int MAX_DEPTH = 8;

    private final String text;
    private int at;

    /// What is wrong, and where.
    static final class SyntaxException extends Exception {
        private static final long serialVersionUID = 1L;

        SyntaxException(String message) {
            super(message);
        }
    }

    private HeaderParser(String text) {
        this.text = text;
    }

    /// The object that the text holds.
    static Map<String, Object> parse(String text) throws SyntaxException {
        HeaderParser p = new HeaderParser(text);
        p.skipSpace();
        Map<String, Object> object = p.object(0);
        p.skipSpace();
        if (p.at < text.length()) {
            throw p.wrong("the end");
        }
        return object;
    }

    private SyntaxException wrong(String expected) {
        String found = at >= text.length() ? "the end"
                : "'" + text.substring(at, Math.min(text.length(), at + 12)) + "'";
        return new SyntaxException("expected " + expected + " at character " + at + ", found " + found);
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean take(char c) {
        skipSpace();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void need(char c) throws SyntaxException {
        if (!take(c)) {
            throw wrong("'" + c + "'");
        }
    }

    private Map<String, Object> object(int depth) throws SyntaxException {
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
                throw wrong("each name once");
            }
        } while (take(','));
        need('}');
        return out;
    }

    private List<Object> array(int depth) throws SyntaxException {
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

    private Object value(int depth) throws SyntaxException {
        if (depth > MAX_DEPTH) {
            throw wrong("at most " + MAX_DEPTH + " levels");
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

    private Long number() throws SyntaxException {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        int digits = at - start;
        boolean leadingZero = digits > 1 && text.charAt(start) == '0';
        if (digits == 0 || digits > 18 || leadingZero) {
            at = start;
            throw wrong("a string, an object, an array or a whole number below 10^18");
        }
        return Long.valueOf(text.substring(start, at));
    }

    private String string() throws SyntaxException {
        need('"');
        StringBuilder s = new StringBuilder();
        while (true) {
            if (at >= text.length()) {
                throw wrong("the end of a string");
            }
            char c = text.charAt(at++);
            if (c == '"') {
                return s.toString();
            }
            if (c < ' ') {
                at--;
                throw wrong("no control character inside a string");
            }
            s.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() throws SyntaxException {
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
                    throw wrong("four hexadecimal digits");
                }
                at += 4;
                yield (char) Integer.parseInt(hex, 16);
            }
            default -> {
                at--;
                throw wrong("an escape");
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
