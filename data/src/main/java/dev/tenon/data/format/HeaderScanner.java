package dev.tenon.data.format;

import java.util.stream.Collectors;

/// A place in the text of a header, and what is read there.
abstract class HeaderScanner {
    final String text;
    int at;

    HeaderScanner(String text) {
        this.text = text;
    }

    /// What is wrong with the text at the current place.
    static final class Misfit extends Exception {
        private static final long serialVersionUID = 1L;

        Misfit(String message) {
            super(message);
        }
    }

    final Misfit expected(String what) {
        String found = at >= text.length() ? "the end"
                : "'" + printable(text.substring(at, Math.min(text.length(), at + 12))) + "'";
        return new Misfit("expected " + what + ", found " + found);
    }

    static String printable(String s) {
        return s.chars().mapToObj(c -> c < ' ' || c > '~' ? "?" : String.valueOf((char) c))
                .collect(Collectors.joining());
    }

    final void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    final boolean take(char c) {
        skipSpace();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    final void need(char c) throws Misfit {
        if (!take(c)) {
            throw expected("'" + c + "'");
        }
    }

    /// A number of digits alone.
    ///
    /// @param what is expected, for messages
    final long digits(String what) throws Misfit {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == start || at - start > 18) {
            at = start;
            throw expected(what);
        }
        return Long.parseLong(text.substring(start, at));
    }
}
