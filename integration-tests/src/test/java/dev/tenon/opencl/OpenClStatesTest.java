package dev.tenon.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// OpenCL installations that are missing or broken, as `tenon devices` and `tenon doctor` show them. Each time the CPU
/// backend goes on working.
class OpenClStatesTest {
    @TempDir
    Path folder;

    /// What `tenon devices` prints, which must name the CPU as the default.
    private String devices(Map<String, String> environment) throws IOException, InterruptedException {
        Child c = Child.run(folder, environment, List.of(), "dev.tenon.cli.Main", "devices");
        assertEquals(0, c.exitCode(), c.printed());
        assertTrue(c.printed().lines().anyMatch(l -> l.startsWith("cpu ") && l.endsWith("(default)")), c.printed());
        return c.printed();
    }

    private void shows(String printed, String... words) {
        String line = printed.lines().filter(l -> l.startsWith("opencl ")).findFirst().orElse("no line in " + printed);
        for (String w : words) {
            assertTrue(line.contains(w), () -> w + " in: " + line);
        }
    }

    private static void requireLoader(String printed) {
        Assumptions.assumeFalse(printed.contains("none: no OpenCL library can be loaded"), "no OpenCL loader here");
    }

    @Test
    void noLibrary() throws Exception {
        // What the dynamic linker finds first is no library.
        for (String name : List.of("libOpenCL.so", "libOpenCL.so.1")) {
            Files.writeString(folder.resolve(name), "not a library");
        }
        shows(devices(Map.of("LD_LIBRARY_PATH", folder.toString())), "none: no OpenCL library can be loaded");
    }

    @Test
    void noDriver() throws Exception {
        String printed = devices(Map.of("OCL_ICD_VENDORS", folder.toString()));
        requireLoader(printed);
        shows(printed, "none: the OpenCL loader finds no driver (ICD)", "PoCL");
    }

    @Test
    void driverFilesThatNameNothingUsable() throws Exception {
        Path vendors = Files.createDirectories(folder.resolve("vendors"));
        Files.writeString(vendors.resolve("absent.icd"), "/nowhere/libabsent.so\n");
        Path garbage = Files.writeString(folder.resolve("libgarbage.so"), "not a library");
        Files.writeString(vendors.resolve("garbage.icd"), garbage + "\n");
        Files.writeString(vendors.resolve("empty.icd"), "");
        Map<String, String> environment = Map.of("OCL_ICD_VENDORS", vendors.toString());
        String printed = devices(environment);
        requireLoader(printed);
        shows(printed, "none: the OpenCL loader finds no driver (ICD) that works",
                "absent.icd names /nowhere/libabsent.so, which is not there",
                "garbage.icd names " + garbage + ", which cannot be loaded", "empty.icd names no library");

        Child doctor = Child.run(folder, environment, List.of("-Dtenon.backends=cpu,opencl"),
                "dev.tenon.cli.Main", "doctor");
        assertEquals(0, doctor.exitCode(), doctor.printed());
        assertTrue(doctor.printed().lines().anyMatch(l -> l.matches("WARN +backend opencl +no device: .*absent.icd.*")),
                doctor.printed());
        Child asked = Child.run(folder, environment, List.of(), "dev.tenon.cli.Main", "train", "--device", "opencl",
                "--out", folder.resolve("run").toString());
        assertEquals(2, asked.exitCode(), asked.printed());
        assertTrue(asked.printed().contains("absent.icd"), asked.printed());
    }

    /// A broken driver file beside one that works is a remark.
    @Test
    void aBrokenDriverBesideOneThatWorks() throws Exception {
        Twins.requireOpenCl();
        Path system = Path.of("/etc/OpenCL/vendors");
        Assumptions.assumeTrue(Files.isDirectory(system), "drivers are not announced in " + system);
        Path vendors = Files.createDirectories(folder.resolve("vendors"));
        try (var files = Files.list(system)) {
            for (Path f : files.toList()) {
                Files.copy(f, vendors.resolve(f.getFileName()));
            }
        }
        Files.writeString(vendors.resolve("absent.icd"), "/nowhere/libabsent.so\n");
        String printed = devices(Map.of("OCL_ICD_VENDORS", vendors.toString()));
        assertTrue(printed.contains("opencl:0 "), printed);
        assertTrue(printed.lines().anyMatch(l -> l.contains("note: ") && l.contains("absent.icd")), printed);
    }
}
