package dev.tenon.data.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Cuts texts into tokens.
public interface Tokenizer {
    /// The tokens of a text, in order.
    List<String> tokens(String text);

    /// A text of these tokens; not always the one they came from.
    String join(List<String> tokens);

    /// Every character (Unicode code point) is a token; joined without anything between.
    static Tokenizer characters() {
        return new Tokenizer() {
            @Override
            public List<String> tokens(String text) {
                return text.codePoints().mapToObj(Character::toString).toList();
            }

            @Override
            public String join(List<String> tokens) {
                return String.join("", tokens);
            }
        };
    }

    /// What stands between white space; joined with a space.
    static Tokenizer whitespace() {
        return regex("\\S+");
    }

    /// Words (letters and digits of any script, with apostrophes inside), and every other visible character by itself;
    /// joined with a space.
    static Tokenizer words() {
        return regex("[\\p{L}\\p{N}]+(?:'[\\p{L}\\p{N}]+)*|[^\\p{L}\\p{N}\\s]");
    }

    /// Every match of a regular expression; what lies between is dropped. Joined with a space.
    ///
    /// @throws java.util.regex.PatternSyntaxException if it is none
    static Tokenizer regex(String expression) {
        Pattern pattern = Pattern.compile(expression);
        return new Tokenizer() {
            @Override
            public List<String> tokens(String text) {
                List<String> out = new ArrayList<>();
                Matcher m = pattern.matcher(text);
                while (m.find()) {
                    if (m.end() > m.start()) {
                        out.add(m.group());
                    }
                }
                return out;
            }

            @Override
            public String join(List<String> tokens) {
                return String.join(" ", tokens);
            }
        };
    }
}
