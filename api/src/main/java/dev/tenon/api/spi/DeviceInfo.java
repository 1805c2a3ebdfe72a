package dev.tenon.api.spi;

/// What a probe says about a device without starting it.
///
/// @param index the number of the device within its backend, from 0
/// @param kind `cpu`, `gpu` or `accelerator`
/// @param description the name of the hardware and whatever helps to tell it from others
/// @param memoryBytes its memory in bytes; 0 if unknown
public record DeviceInfo(int index, String kind, String description, long memoryBytes) {}
