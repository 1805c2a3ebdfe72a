package dev.tenon.backend.cpu.gemm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Sizes of the first core's data caches in bytes: what Linux says, or what almost every machine has.
final class Cache {

    static final int L1 = size(1, 32 << 10);
    static final int L2 = size(2, 512 << 10);

    private Cache() {}

    private static int size(int level, int otherwise) {
        try {
            for (int i = 0; i < 8; i++) {
                Path dir = Path.of("/sys/devices/system/cpu/cpu0/cache/index" + i);
                if (!Files.isReadable(dir.resolve("size"))) {
                    break;
                }
                String type = Files.readString(dir.resolve("type")).strip();
                if (!type.equals("Instruction") && Files.readString(dir.resolve("level")).strip().equals("" + level)) {
                    String s = Files.readString(dir.resolve("size")).strip();
                    return s.endsWith("K") ? Integer.parseInt(s.substring(0, s.length() - 1)) << 10
                            : Integer.parseInt(s);
                }
            }
        } catch (IOException | NumberFormatException e) {
            return otherwise; // a system that does not tell
        }
        return otherwise;
    }
}
