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
record Part(int number, int count) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,6})/(\\d{1,6})");

    /// @param text such as `2/16`
    /// @throws IllegalArgumentException if it is no part
    static Part of(String text) {
        Matcher m = FORM.matcher(text);
        int number = m.matches() ? Integer.parseInt(m.group(1)) : 0;
        int count = m.matches() ? Integer.parseInt(m.group(2)) : 0;
        if (number < 1 || number > count) {
            throw new IllegalArgumentException("\"" + text
                    + "\" is no part of the suite: expected a number and how many there are, such as 2/16");
        }
        return new Part(number, count);
    }

    /// Those of some samples that are in this part; the first is in every part.
    List<Sample> of(List<Sample> samples) {
        return IntStream.range(0, samples.size()).filter(i -> i == 0 || i % count == number - 1)
                .mapToObj(samples::get).toList();
    }
}
