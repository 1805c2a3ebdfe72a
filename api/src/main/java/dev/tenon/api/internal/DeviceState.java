package dev.tenon.api.internal;

import dev.tenon.api.spi.DeviceRuntime;

/// An opened device: its runtime, its memory and its prepared kernels.
public record DeviceState(DeviceRuntime runtime, MemoryPool pool, KernelCache kernels) {}
