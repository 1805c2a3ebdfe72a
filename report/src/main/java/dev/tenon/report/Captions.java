package dev.tenon.report;

import java.awt.FontMetrics;

/// Text in pictures.
final class Captions {
    private Captions() {}

    /// The text, cut off with an ellipsis if it is wider than there is room.
    static String fit(String text, FontMetrics metrics, int room) {
        if (metrics.stringWidth(text) <= room) {
            return text;
        }
        int length = text.length();
        while (length > 1 && metrics.stringWidth(text.substring(0, length) + "…") > room) {
            length--;
        }
        return text.substring(0, length) + "…";
    }
}
