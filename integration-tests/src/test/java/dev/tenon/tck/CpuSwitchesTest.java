package dev.tenon.tck;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIf;

/// The TCK's samples of what oneDNN or Winograd's algorithm may compute, in the dtypes that they are for, with their
/// switches at `true` and `false`: by default they are for larger operands only. The switches are read when a kernel is
/// prepared and kernels are kept, so the build runs this class in further JVMs.
@EnabledIf("isSwitched")
class CpuSwitchesTest {
    private final Device cpu = Device.of("cpu");

    @BeforeAll
    static void says() {
        System.out.println("-Dtenon.cpu.onednn=" + System.getProperty("tenon.cpu.onednn") + " -Dtenon.cpu.winograd="
                + System.getProperty("tenon.cpu.winograd") + ": " + Device.of("cpu").runtime().remark());
    }

    static boolean isSwitched() {
        return Stream.of("onednn", "winograd").map(s -> System.getProperty("tenon.cpu." + s, "auto"))
                .anyMatch(s -> !s.equals("auto"));
    }

    private static List<Sample> samples() {
        List<Sample> some = OpSamples.families().values().stream().flatMap(f -> f.get().stream())
                .filter(s -> s.dtype() == DType.F32 || s.dtype() == DType.BF16)
                .filter(s -> s.op().contains("conv") || s.op().contains("matmul") || s.op().contains("pool")).toList();
        assertFalse(some.isEmpty());
        return some;
    }

    @TestFactory
    Stream<DynamicTest> samplesAgainstTheReference() {
        SampleCheck check = new SampleCheck(cpu, Device.of("reference:0"), new SupportMatrix(List.of()));
        return samples().stream().map(s -> DynamicTest.dynamicTest(s.toString(), () -> check.check(s)));
    }
}
