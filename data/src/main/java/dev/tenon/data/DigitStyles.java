package dev.tenon.data;

import java.util.ArrayList;
import java.util.List;

/// How people write the ten digits: for each digit several styles, for each style the pen strokes in writing order.
///
/// A stroke is a list of points the pen passes through, `x,y` in a box 70 wide and 100 high, y down. Between points
/// the pen follows a smooth curve; a point followed by `!` is a corner, where the curve may break. Two points written
/// alike in different strokes are jittered apart later: that is wanted, hands do not close shapes exactly.
final class DigitStyles {
    private DigitStyles() {
    }

    /// One pen stroke. `x` and `y` have one entry per point; `corner[i]` says the curve breaks at point i.
    record Stroke(double[] x, double[] y, boolean[] corner) {
    }

    private static final String[][][] TEXT = {
        { // 0: round, begun on the right, open at the top, with a small closing loop
            {"38,0 16,12 4,48 13,86 35,100 58,86 68,48 57,13 36,1"},
            {"50,6 27,1 8,24 3,60 18,94 42,98 63,74 66,38 53,11 40,3"},
            {"26,5 9,26 3,60 19,97 48,95 67,60 61,20 44,3 33,6"},
            {"44,4 22,5 6,34 5,70 24,99 50,93 66,60 62,24 46,4 30,10 38,18"},
        },
        { // 1: a bar, with a flag, with flag and foot, with a short soft flag
            {"35,0 35,34 34,67 34,100"},
            {"13,25 27,13 38,0! 38,33 37,67 36,100"},
            {"12,24 25,13 37,0! 37,33 36,67 36,99", "10,100 35,98 62,99"},
            {"24,16 31,9 37,1! 36,34 34,67 32,100"},
            {"36,0 38,34 36,67 30,100"},
        },
        { // 2: angular, looped, with a wavy base, upright with a flat base
            {"6,22 20,4 45,0 62,20 53,46 29,75 4,98! 35,98 68,96"},
            {"6,20 22,2 48,2 61,24 49,55 26,83 9,95 3,87 14,80 38,91 72,96"},
            {"8,28 14,7 38,0 60,14 57,41 34,70 6,96! 26,89 48,97 70,89"},
            {"10,14 34,0 58,10 62,34 44,62 22,82 8,98! 38,99 64,99"},
            {"4,12 28,1 52,8 56,32 40,62 18,86 6,93 9,83 24,84 46,97 70,84"},
        },
        { // 3: round, flat top, with a loop in the middle, shallow waist
            {"8,11 32,0 58,12 54,35 27,46! 55,51 68,74 48,97 20,100 2,86"},
            {"6,4 35,3 63,2! 46,22 30,41! 57,49 68,73 46,97 18,98 2,84"},
            {"9,14 33,0 58,13 50,37 29,49 21,43 33,43 60,58 64,83 36,100 4,88"},
            {"10,6 40,0 60,18 48,40 30,45 52,52 62,74 44,96 8,99"},
        },
        { // 4: open with a separate down stroke, closed, open and curved, closed in one sweep, open and narrow
            {"15,2 10,28 6,57! 36,57 70,54", "53,12 51,55 47,100"},
            {"50,0 27,31 2,65! 36,65 70,62", "50,1 48,50 46,100"},
            {"10,4 6,30 14,51 38,53 60,45", "60,2 56,50 50,100"},
            {"56,2 30,30 4,60! 34,62 68,58", "46,32 42,66 36,100"},
            {"20,6 13,32 10,54! 32,55 56,53! 55,28 56,4! 55,50 53,100"},
        },
        { // 5: cap drawn last, cap drawn first, s-like, wide belly with a long cap
            {"13,4 11,23 8,44! 33,38 61,51 64,76 44,98 20,100 2,88", "13,4 38,4 65,2"},
            {"64,3 38,3 15,5! 11,25 8,45! 34,38 62,54 62,80 38,99 4,92"},
            {"63,5 36,4 18,14 14,35 32,46 57,57 62,78 42,98 7,94"},
            {"20,6 16,26 12,42! 40,40 60,56 56,84 32,100 4,94", "18,5 44,6 74,0"},
        },
        { // 6: round, straight back, curled top, small belly
            {"52,0 28,18 9,50 7,78 25,99 51,96 62,76 49,57 27,59 9,78"},
            {"44,0 24,31 7,66 18,95 44,98 60,80 50,61 29,61 11,78"},
            {"61,9 44,0 20,20 5,57 12,91 40,100 64,79 50,55 25,60 9,82"},
            {"32,0 16,36 7,70 18,97 44,97 56,78 42,62 22,68 11,84"},
        },
        { // 7: plain, barred, with a serif, soft shoulder, soft shoulder with bar
            {"4,6 35,4 66,3! 47,48 28,100"},
            {"4,6 34,5 66,3! 48,48 30,100", "17,52 38,50 60,48"},
            {"6,20 8,5! 36,6 67,3! 47,42 34,100"},
            {"4,10 28,3 55,3 65,11 54,38 39,70 33,100"},
            {"4,13 26,4 54,4 64,12 52,42 38,72 32,100", "20,54 38,52 58,50"},
        },
        { // 8: in one s-sweep, two rings, open at the top, small head
            {"58,15 36,0 13,12 15,32 36,46 60,63 59,89 34,100 8,87 11,64 35,47 56,31 59,13"},
            {"37,46 15,33 16,9 38,0 60,12 57,34 36,46", "35,46 9,62 7,88 34,100 63,88 61,62 36,47"},
            {"64,7 40,0 15,10 17,31 40,49 61,70 50,95 21,98 7,78 27,53 54,29 63,5"},
            {"52,14 36,2 20,13 22,30 40,44 62,66 54,94 26,99 6,82 20,56 42,42 54,26 50,11"},
        },
        { // 9: straight stem, curved tail, slanted stem, head left open, hooked tail
            {"59,12 36,0 9,13 6,37 27,50 53,37 61,10! 60,52 56,100"},
            {"60,14 38,0 11,12 6,36 26,50 52,38 61,13 64,42 58,75 40,98 14,95"},
            {"58,16 34,0 7,21 14,46 40,46 59,15! 50,54 34,100"},
            {"57,9 30,1 7,20 12,46 38,47 60,18! 58,56 50,100"},
            {"58,10 34,0 10,16 10,40 34,50 58,32! 60,64 46,96 20,98"},
        },
    };

    private static final List<List<List<Stroke>>> STYLES = parse();

    /// The styles of one digit, each a list of strokes.
    static List<List<Stroke>> of(int digit) {
        return STYLES.get(digit);
    }

    private static List<List<List<Stroke>>> parse() {
        var digits = new ArrayList<List<List<Stroke>>>();
        for (String[][] styles : TEXT) {
            var parsed = new ArrayList<List<Stroke>>();
            for (String[] strokes : styles) {
                var list = new ArrayList<Stroke>();
                for (String stroke : strokes) {
                    list.add(stroke(stroke));
                }
                parsed.add(List.copyOf(list));
            }
            digits.add(List.copyOf(parsed));
        }
        return List.copyOf(digits);
    }

    private static Stroke stroke(String text) {
        String[] points = text.split(" ");
        double[] x = new double[points.length];
        double[] y = new double[points.length];
        boolean[] corner = new boolean[points.length];
        for (int i = 0; i < points.length; i++) {
            corner[i] = points[i].endsWith("!");
            String[] pair = points[i].replace("!", "").split(",");
            x[i] = Integer.parseInt(pair[0]);
            y[i] = Integer.parseInt(pair[1]);
        }
        return new Stroke(x, y, corner);
    }
}
