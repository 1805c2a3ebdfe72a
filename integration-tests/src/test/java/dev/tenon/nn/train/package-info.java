/// Tests of dev.tenon.nn.train.
@NullMarked
package dev.tenon.nn.train;

import org.jspecify.annotations.NullMarked;
