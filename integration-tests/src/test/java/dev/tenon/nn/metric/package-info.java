/// Tests of dev.tenon.nn.metric.
@NullMarked
package dev.tenon.nn.metric;

import org.jspecify.annotations.NullMarked;
