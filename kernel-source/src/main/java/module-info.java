/// Turns ops into C-like kernel text, one dialect for each language.
module dev.tenon.kernel {
    requires transitive dev.tenon.api;
    requires static transitive org.jspecify;

    exports dev.tenon.kernel;
}
