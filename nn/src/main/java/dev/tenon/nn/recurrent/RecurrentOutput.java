package dev.tenon.nn.recurrent;

import dev.tenon.api.Tensor;

/// What a recurrent layer gives.
///
/// @param output the outputs of the last layer at each step, `[time, n, directions hidden]`, arranged as the input
/// @param hidden the last state of each layer and direction, `[layers directions, n, hidden]`
public record RecurrentOutput(Tensor output, Tensor hidden) {}
