package dev.tenon.graph.draw;

import java.util.ArrayList;
import java.util.List;

/// What is to be drawn: boxes and arrows between them, without places. Of one graph, or one for each body of its
/// control flow.
///
/// @param title what stands above
/// @param boxes the boxes
/// @param arrows from box to box, by their numbers; those from a box to an earlier one are not allowed
record Sketch(String title, List<Box> boxes, List<Arrow> arrows) {
    /// What a box stands for, which decides its colour.
    enum Kind {
        INPUT("#d5ecd4", "#3f8f46"),
        OUTPUT("#bfe3d0", "#1f7a5c"),
        PRODUCT("#cfe0f7", "#2f62ad"),
        ELEMENTWISE("#fde6c8", "#c77a1a"),
        REDUCTION("#e6d8f3", "#7a48a8"),
        VIEW("#ececec", "#8a8a8a"),
        CONTROL("#cdeef0", "#18808a"),
        UPDATE("#f9d6d5", "#b53a37"),
        LEAF("#dde8c9", "#6c8b2f"),
        OTHER("#dcdcf5", "#5553a8");

        final String fill;
        final String line;

        Kind(String fill, String line) {
            this.fill = fill;
            this.line = line;
        }
    }

    /// A box: its lines, the first of which is its name; a text to be shown on demand, perhaps empty.
    record Box(Kind kind, List<String> lines, String hint) {
        Box {
            lines = List.copyOf(lines);
        }
    }

    /// An arrow with a text at its beginning, perhaps empty.
    record Arrow(int from, int to, String label) {}

    Sketch(String title) {
        this(title, new ArrayList<>(), new ArrayList<>());
    }

    int add(Box b) {
        boxes.add(b);
        return boxes.size() - 1;
    }

    void arrow(int from, int to, String label) {
        arrows.add(new Arrow(from, to, label));
    }
}
