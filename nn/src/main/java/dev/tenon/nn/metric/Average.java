package dev.tenon.nn.metric;

/// How a measure of single classes becomes one of all.
public enum Average {
    /// Over all decisions together.
    MICRO,
    /// The mean over the classes that occur, in targets or in decisions.
    MACRO,
    /// The mean over the classes, each as often as it is in the targets.
    WEIGHTED,
    /// That of class 1 alone, for questions of yes or no.
    BINARY
}
