package dev.tenon.autograd;
final class Gradients {}
