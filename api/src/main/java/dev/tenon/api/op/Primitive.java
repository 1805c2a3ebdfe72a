package dev.tenon.api.op;

/// An op that a backend must be able to run; there are few of them, each a family. A primitive with a prologue, an
/// epilogue or several outputs that a backend does not prepare is split into plain ones by the runtime. Views never
/// reach a backend.
public sealed interface Primitive extends Op
        permits MapOp, ReduceOp, MatMulOp, GatherOp, ScatterOp, ScanOp, SortOp, CopyOp, ViewOp {}
