package dev.tenon.data.download;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The SHA-256 of a file, or the first digits of it: publishers often put eight of them into a file's name.
///
/// @param digits hexadecimal, lower case
public record Checksum(String digits) {
    private static final int FEWEST = 8;
    private static final int ALL = 64;

    /// @param digits 8 to 64 hexadecimal digits, in any case
    /// @throws IllegalArgumentException if they are not
    public Checksum {
        digits = digits.toLowerCase(Locale.ROOT);
        if (digits.length() < FEWEST || digits.length() > ALL || !digits.matches("[0-9a-f]*")) {
            throw new IllegalArgumentException("checksum \"" + digits + "\": expected " + FEWEST + " to " + ALL
                    + " hexadecimal digits of a SHA-256");
        }
    }

    /// The checksum of a file, all digits.
    ///
    /// @throws IOException if reading fails
    public static Checksum of(Path file) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
        try (InputStream in = Files.newInputStream(file);
                DigestInputStream through = new DigestInputStream(in, digest)) {
            byte[] buffer = new byte[1 << 18];
            int n = 0;
            while (n >= 0) {
                n = through.read(buffer);
            }
        }
        return new Checksum(HexFormat.of().formatHex(digest.digest()));
    }

    /// Whether a checksum starts with these digits.
    boolean matches(Checksum found) {
        return found.digits.startsWith(digits);
    }

    /// Whether a file has this checksum; anything has no checksum at all.
    static boolean matches(@Nullable Checksum expected, Path file) throws IOException {
        return expected == null || expected.matches(of(file));
    }

    @Override
    public String toString() {
        return digits;
    }
}
