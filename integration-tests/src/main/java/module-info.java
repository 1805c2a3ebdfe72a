/// A JUnit 5 suite that a backend passes, and the reference backend it is held against.
module dev.tenon.tck {
    requires transitive dev.tenon.api;
    requires transitive org.junit.jupiter.api;
    requires transitive org.junit.jupiter.params;
    requires static org.jspecify;
}
