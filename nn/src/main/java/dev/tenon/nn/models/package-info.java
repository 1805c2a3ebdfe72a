/// The model zoo: published networks by the names, shapes and first values of their parameters.
@NullMarked
package dev.tenon.nn.models;

import org.jspecify.annotations.NullMarked;
