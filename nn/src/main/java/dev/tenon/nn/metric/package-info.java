/// Measures of how good predictions are, gathered batch by batch on the device.
@NullMarked
package dev.tenon.nn.metric;

import org.jspecify.annotations.NullMarked;
