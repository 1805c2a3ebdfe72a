package dev.tenon.tck;

import dev.tenon.tck.samples.Sample;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// Which samples a run tries.
///
/// @param number the number of this part, from 1
/// @param count how many parts make the whole
/// @param only what is found in the names of those that are tried
record Part(int number, int count, Pattern only) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,6})/(\\d{1,6})");

    /// @param text such as `2/16`
    /// @param only a regular expression, of which each name that is tried has a match; an empty one for all
    /// @throws IllegalArgumentException if one of the two is not what it should be
    static Part of(String text, String only) {
        Matcher m = FORM.matcher(text);
        int number = m.matches() ? Integer.parseInt(m.group(1)) : 0;
        int count = m.matches() ? Integer.parseInt(m.group(2)) : 0;
        if (number < 1 || number > count) {
            throw new IllegalArgumentException("\"" + text
                    + "\" is no part of the suite: expected a number and how many there are, such as 2/16");
        }
        return new Part(number, count, Pattern.compile(only));
    }

    /// Those of some samples that are in this part; the first is in every part.
    List<Sample> of(List<Sample> samples) {
        List<Sample> wanted = samples.stream().filter(s -> only.matcher(s.toString()).find()).toList();
        return IntStream.range(0, wanted.size()).filter(i -> i == 0 || i % count == number - 1)
                .mapToObj(wanted::get).toList();
    }
}
