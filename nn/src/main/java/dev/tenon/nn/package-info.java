/// What every network is made of: modules, their parameters and buffers, and containers of modules.
@NullMarked
package dev.tenon.nn;

import org.jspecify.annotations.NullMarked;
