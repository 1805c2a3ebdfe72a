package dev.tenon.tck;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.function.Executable;

/// A named test.
record Case(String name, Executable body) {
    DynamicTest test() {
        return DynamicTest.dynamicTest(name, body);
    }
}
