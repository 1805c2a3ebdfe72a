/// Data sets of texts: tokens, vocabularies, windows for language models, labelled lines.
@NullMarked
package dev.tenon.data.text;

import org.jspecify.annotations.NullMarked;
