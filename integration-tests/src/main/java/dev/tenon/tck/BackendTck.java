package dev.tenon.tck;

import dev.tenon.api.Device;
import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/// The suite that every backend passes. A backend's tests extend this class:
///
/// ```java
/// class MyBackendTest extends BackendTck {
///     @Override
///     protected Device device() {
///         return Device.of("mine:0");
///     }
/// }
/// ```
///
/// Results are held against the reference backend, `reference:0`, within the tolerances of
/// [dev.tenon.tck.samples.Family]. Gradients are checked where a gradient engine (`tenon-autograd`) is present.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BackendTck {
    private SupportMatrix matrix = new SupportMatrix(List.of());

    /// A suite.
    protected BackendTck() {}

    /// The device under test.
    protected abstract Device device();

    /// What the device is known not to do; nothing unless overridden.
    protected List<Limitation> limitations() {
        return List.of();
    }

    /// Which part of the samples is tried, such as `2/16` for the second sixteenth: what `-Dtenon.tck.part` says, by
    /// default all. The first sample of each family is in every part, and all other checks are made in full. For
    /// devices whose driver takes long to compile.
    protected String part() {
        return System.getProperty("tenon.tck.part", "1/1");
    }

    /// The part, and of it the samples that `-Dtenon.tck.only=REGEX` names, if it is given.
    private Part wanted() {
        return Part.of(part(), System.getProperty("tenon.tck.only", ""));
    }

    private Device oracle() {
        return Device.of("reference:0");
    }

    @BeforeAll
    void readLimitations() {
        matrix = new SupportMatrix(limitations());
    }

    @AfterAll
    void printSupportMatrix() {
        System.out.println(matrix.text(device().toString()));
    }

    /// Every sample of every op, against the reference backend.
    @TestFactory
    Stream<DynamicNode> ops() {
        SampleCheck check = new SampleCheck(device(), oracle(), matrix);
        Part part = wanted();
        return OpSamples.families().entrySet().stream()
                .map(f -> DynamicContainer.dynamicContainer(f.getKey(), tests(part.of(f.getValue().get()), check)));
    }

    /// Derivatives in float64 against finite differences.
    @TestFactory
    Stream<DynamicTest> gradients() {
        GradientCheck check = new GradientCheck(device(), matrix);
        Part part = wanted();
        return OpSamples.families().values().stream()
                .flatMap(f -> part.of(f.get().stream().filter(GradientCheck::wanted).toList()).stream())
                .map(s -> DynamicTest.dynamicTest(s + " gradients", () -> check.check(s)));
    }

    /// Operands that do not fit.
    @TestFactory
    Stream<DynamicTest> errors() {
        return new ErrorChecks(device()).cases().stream().map(Case::test);
    }

    /// Changes in place.
    @TestFactory
    Stream<DynamicTest> inPlace() {
        return new InPlaceChecks(device(), matrix).cases().stream().map(Case::test);
    }

    /// Memory: leaks, reuse, exhaustion, scopes.
    @TestFactory
    Stream<DynamicTest> memory() {
        return new MemoryChecks(device(), matrix, wanted()).cases().stream().map(Case::test);
    }

    /// Several threads, and repeated runs.
    @TestFactory
    Stream<DynamicTest> threads() {
        return new ThreadChecks(device(), matrix).cases().stream().map(Case::test);
    }

    /// Copies between host and devices; streams and events.
    @TestFactory
    Stream<DynamicTest> transfers() {
        return new TransferChecks(device(), oracle(), matrix).cases().stream().map(Case::test);
    }

    /// Published vectors and values worked out by hand.
    @TestFactory
    Stream<DynamicTest> knownAnswers() {
        return new KnownAnswers(device(), matrix).cases().stream().map(Case::test);
    }

    private static Stream<DynamicTest> tests(List<Sample> samples, SampleCheck check) {
        return samples.stream().map(s -> DynamicTest.dynamicTest(s.toString(), () -> check.check(s)));
    }
}
