/// Training: the loop, what happens beside it, and runs that go on after being killed.
@NullMarked
package dev.tenon.nn.train;

import org.jspecify.annotations.NullMarked;
