package dev.tenon.backend.cpu;

import java.util.Locale;

/// What a property says about kernels that are one choice of several.
public enum Use {
    /// Never.
    FALSE,
    /// Where measurements say that they win.
    AUTO,
    /// Wherever they can be used.
    TRUE;

    /// What a system property says; `auto` if it is not set.
    ///
    /// @throws IllegalArgumentException if it says something else
    public static Use of(String property) {
        String s = System.getProperty(property, "auto");
        try {
            return valueOf(s.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("-D" + property + "=" + s + ": expected auto, true or false", e);
        }
    }
}
