package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.block.Fn1;
import dev.tenon.backend.cpu.block.Fn2;
import dev.tenon.backend.cpu.block.Fn3;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A lambda compiled to block functions over registers, for operands of given dtypes.
///
/// A register is a block of elements of one kind. What does not depend on the element (constants, parameters,
/// operands that are one number, and what follows from these) is computed once a run, for one element, and spread over
/// its
/// register. Registers share memory when their lives do not overlap.
final class Program {
    /// One block function with the registers it reads and writes.
    record Instruction(@Nullable Fn1 f1, @Nullable Fn2 f2, @Nullable Fn3 f3, int a, int b, int c, int out) {
        void run(long[] at, int n) {
            if (f2 != null) {
                f2.run(at[a], at[b], at[out], n);
            } else if (f1 != null) {
                f1.run(at[a], at[out], n);
            } else if (f3 != null) {
                f3.run(at[a], at[b], at[c], at[out], n);
            }
        }
    }

    /// A register that takes an operand's elements, widened if there is a function for that.
    record Load(int register, int operand, DType dtype, @Nullable Fn1 widen) {}

    /// A register that takes the positions along an axis, or the row-major numbers (-1).
    record Count(int register, int axis) {}

    /// A register that takes a constant (slot -1) or a parameter.
    record Number(int register, Kind kind, int slot, long bits) {}

    /// A register whose only element is to be spread.
    record Spread(int register, int bytes) {}

    /// An output: the register with its value in the kind of its dtype, and the function that narrows it, if any.
    record Store(int register, DType dtype, @Nullable Fn1 narrow) {}

    final List<Number> numbers = new ArrayList<>();
    final List<Load> uniformLoads = new ArrayList<>();
    final List<Load> loads = new ArrayList<>();
    final List<Count> counts = new ArrayList<>();
    final Instruction[] uniformCode;
    final Instruction[] code;
    final Spread[] spreads;
    final Store[] stores;

    private final Blocks blocks;
    private final boolean[] uniformOperand;
    private final List<Kind> kinds = new ArrayList<>();
    private final List<Boolean> uniform = new ArrayList<>();
    private final List<Instruction> uniformList = new ArrayList<>();
    private final List<Instruction> list = new ArrayList<>();

    /// @param dtypes the operands' dtypes
    /// @param uniformOperand whether each operand is one element everywhere
    /// @param results the dtypes that results are converted to, null to leave them in the lambda's
    /// @param stored whether results are read only after they have been stored
    Program(Blocks blocks, Lambda body, List<DType> dtypes, boolean[] uniformOperand, List<DType> results,
            boolean stored) {
        this.blocks = blocks;
        this.uniformOperand = uniformOperand.clone();
        int[] registers = new int[body.steps().size()];
        Idioms idioms = new Idioms(blocks, body);
        boolean[] needed = needed(body, idioms);
        for (int s = 0; s < registers.length; s++) {
            Idioms.Idiom i = needed[s] ? idioms.find(s) : null;
            if (i != null) {
                registers[s] = emit(Kind.F32, new Instruction(i.f1(), i.f2(), null, registers[i.x()],
                        i.y() < 0 ? -1 : registers[i.y()], -1, kinds.size()));
            } else if (needed[s]) {
                registers[s] = compile(body.steps().get(s), registers, dtypes,
                        stored && onlyStored(body, s, results));
            }
        }
        stores = new Store[results.size()];
        for (int o = 0; o < stores.length; o++) {
            DType dtype = results.get(o);
            int r = registers[body.results().get(o)];
            if (kinds.get(r) != dtype.kind()) {
                r = emit(dtype.kind(), new Instruction(blocks.convert(kinds.get(r), dtype.kind()), null, null, r, -1,
                        -1, kinds.size()));
            }
            stores[o] = new Store(r, dtype, dtype.kind().dtype() == dtype ? null : blocks.narrow(dtype));
        }
        uniformCode = uniformList.toArray(Instruction[]::new);
        code = list.toArray(Instruction[]::new);
        spreads = spreads();
    }

    /// The steps that results are made of, without those that [Idioms] do not read.
    private static boolean[] needed(Lambda body, Idioms idioms) {
        boolean[] needed = new boolean[body.steps().size()];
        body.results().forEach(r -> needed[r] = true);
        for (int s = needed.length - 1; s >= 0; s--) {
            if (!needed[s]) {
                continue;
            }
            Idioms.Idiom i = idioms.find(s);
            (i != null ? i.args() : body.steps().get(s).args()).forEach(a -> needed[a] = true);
        }
        return needed;
    }

    /// Whether a step is a conversion whose value is only stored, as the dtype it converts to: storing rounds it.
    private static boolean onlyStored(Lambda body, int step, List<DType> results) {
        if (!(body.steps().get(step).expr() instanceof Expr.Cast cast)) {
            return false;
        }
        for (int o = 0; o < results.size(); o++) {
            if (body.results().get(o) == step && results.get(o) != cast.to()) {
                return false;
            }
        }
        return body.steps().stream().noneMatch(s -> s.args().contains(step));
    }

    private Spread[] spreads() {
        boolean[] needed = new boolean[kinds.size()];
        for (Instruction i : code) {
            for (int r : new int[] {i.a, i.b, i.c}) {
                if (r >= 0 && uniform.get(r)) {
                    needed[r] = true;
                }
            }
        }
        for (Store s : stores) {
            needed[s.register] |= uniform.get(s.register);
        }
        List<Spread> out = new ArrayList<>();
        for (int r = 0; r < needed.length; r++) {
            if (needed[r]) {
                out.add(new Spread(r, Blocks.bytes(kinds.get(r))));
            }
        }
        return out.toArray(Spread[]::new);
    }

    int registers() {
        return kinds.size();
    }

    Kind kind(int register) {
        return kinds.get(register);
    }

    boolean isUniform(int register) {
        return uniform.get(register);
    }

    private int define(Kind kind, boolean isUniform) {
        kinds.add(kind);
        uniform.add(isUniform);
        return kinds.size() - 1;
    }

    private int emit(Kind kind, Instruction i) {
        boolean isUniform = true;
        for (int r : new int[] {i.a, i.b, i.c}) {
            isUniform &= r < 0 || uniform.get(r);
        }
        (isUniform ? uniformList : list).add(i);
        return define(kind, isUniform);
    }

    private int compile(Lambda.Step step, int[] done, List<DType> dtypes, boolean onlyStored) {
        int[] args = step.args().stream().mapToInt(a -> done[a]).toArray();
        int a = args.length > 0 ? args[0] : -1;
        int b = args.length > 1 ? args[1] : -1;
        int c = args.length > 2 ? args[2] : -1;
        int next = kinds.size();
        return switch (step.expr()) {
            case Expr.Input i -> {
                DType d = dtypes.get(i.operand());
                Fn1 widen = d.kind().dtype() == d ? null : blocks.widen(d);
                boolean one = uniformOperand[i.operand()];
                (one ? uniformLoads : loads).add(new Load(next, i.operand(), d, widen));
                yield define(d.kind(), one);
            }
            case Expr.Const k -> {
                numbers.add(new Number(next, k.kind(), -1, k.bits()));
                yield define(k.kind(), true);
            }
            case Expr.Param p -> {
                numbers.add(new Number(next, p.kind(), p.slot(), 0));
                yield define(p.kind(), true);
            }
            case Expr.Index i -> {
                counts.add(new Count(next, i.axis()));
                yield define(Kind.I64, false);
            }
            case Expr.Unary u ->
                emit(u.kind(), new Instruction(blocks.unary(u.fn(), u.x().kind()), null, null, a, -1, -1, next));
            case Expr.Binary e ->
                emit(e.kind(), new Instruction(null, blocks.binary(e.fn(), e.a().kind()), null, a, b, -1, next));
            case Expr.Select e ->
                emit(e.kind(), new Instruction(null, null, blocks.select(e.kind()), a, b, c, next));
            case Expr.Random r -> emit(Kind.I32, new Instruction(null, null, blocks.random(r.word()), a, b, c, next));
            case Expr.Cast e -> cast(e.to(), a, onlyStored);
        };
    }

    private int cast(DType to, int x, boolean onlyStored) {
        int r = x;
        if (kinds.get(r) != to.kind()) {
            Fn1 f = blocks.convert(kinds.get(r), to.kind());
            r = emit(to.kind(), new Instruction(f, null, null, r, -1, -1, kinds.size()));
        }
        if (to.kind().dtype() != to && !onlyStored) {
            r = emit(to.kind(), new Instruction(blocks.round(to), null, null, r, -1, -1, kinds.size()));
        }
        return r;
    }

    /// For each register, the instruction after which it is no longer read; the number of instructions for outputs
    /// and for what is loaded or computed once.
    int[] lastUses() {
        int[] last = new int[registers()];
        Arrays.fill(last, -1);
        for (int i = 0; i < code.length; i++) {
            for (int r : new int[] {code[i].a, code[i].b, code[i].c}) {
                if (r >= 0) {
                    last[r] = i;
                }
            }
        }
        for (Store s : stores) {
            last[s.register] = code.length;
        }
        return last;
    }
}
