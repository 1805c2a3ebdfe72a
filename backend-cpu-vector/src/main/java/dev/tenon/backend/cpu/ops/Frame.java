package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Scalars;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.block.Blocks;
import java.util.Arrays;

/// A [Plan] at work on one thread. Its registers are in the thread's [Scratch]: a thread has one frame at a time.
final class Frame {
    private final Plan plan;
    private final Program program;
    private final Iteration iteration;
    private final long[] base;
    private final long[] at;
    /// For each load of a repeated element or row, the address of what its register holds now.
    private final long[] held;
    /// For each load of a repeated element, how many of its register's elements it fills.
    private final int[] filled;
    private final long[] index;
    private final long scratch;

    Frame(Plan plan, long[] base, Scalars scalars) {
        this.plan = plan;
        this.program = plan.program;
        this.iteration = plan.iteration;
        this.base = base;
        this.at = new long[plan.slot.length];
        this.held = new long[plan.raw.length];
        this.filled = new int[plan.raw.length];
        this.index = plan.shortRows ? new long[iteration.rank()] : held;
        this.scratch = plan.scratchBytes == 0 ? 0 : Scratch.get().memory(plan.scratchBytes);
        for (int r = 0; r < at.length; r++) {
            at[r] = plan.slot[r] < 0 ? 0 : scratch + plan.slot[r];
        }
        Arrays.fill(held, -1);
        if (program.spreads.length > 0 || program.uniformCode.length > 0) {
            uniforms(scalars);
        }
    }

    private void uniforms(Scalars scalars) {
        for (int i = 0; i < program.numbers.size(); i++) {
            Program.Number k = program.numbers.get(i);
            put(at[k.register()], k.kind(), k.slot() < 0 ? k.bits() : scalars.bits(k.slot()));
        }
        for (int i = 0; i < program.uniformLoads.size(); i++) {
            Program.Load l = program.uniformLoads.get(i);
            if (l.widen() == null) {
                Blocks.move(base[l.operand()], 0, at[l.register()], 0, 1, l.dtype().bytes());
            } else {
                l.widen().run(base[l.operand()], at[l.register()], 1);
            }
        }
        for (Program.Instruction i : program.uniformCode) {
            i.run(at, 1);
        }
        int n = (int) Math.min(Plan.BLOCK, iteration.elements());
        for (Program.Spread s : program.spreads) {
            Blocks.fill(at[s.register()], n, s.bytes());
        }
    }

    private static void put(long address, Kind kind, long bits) {
        switch (kind) {
            case BOOL -> Mem.putByte(address, (byte) (bits != 0 ? 1 : 0));
            case I32 -> Mem.putInt(address, (int) bits);
            case I64, F64 -> Mem.putLong(address, bits);
            case F32 -> Mem.putFloat(address, (float) Double.longBitsToDouble(bits));
        }
    }

    /// Computes the outputs' elements from number `from` to before number `to`.
    void run(long from, long to) {
        long position = from;
        while (position < to) {
            int n = plan.blockLength(position, to);
            eval(position, n);
            for (int o = 0; o < program.stores.length; o++) {
                if (!plan.direct[o]) {
                    store(o, position, n);
                }
            }
            position += n;
        }
    }

    /// The address of the elements of result `o` that the last [#eval] computed.
    long result(int o) {
        return at[program.stores[o].register()];
    }

    /// Computes a block of at most [Plan#blockLength] elements; results stay in registers but for direct outputs.
    void eval(long position, int n) {
        for (int l = 0; l < plan.raw.length; l++) {
            load(l, program.loads.get(l), position, n);
        }
        for (int c = 0; c < program.counts.size(); c++) {
            count(plan.firstCount + c, at[program.counts.get(c).register()], position, n);
        }
        for (int o = 0; o < plan.direct.length; o++) {
            if (plan.direct[o]) {
                Program.Store s = program.stores[o];
                at[s.register()] = address(o, s.dtype().bytes(), position);
            }
        }
        for (Program.Instruction i : program.code) {
            i.run(at, n);
        }
    }

    private long address(int output, int bytes, long position) {
        int operand = plan.firstOutput + output;
        return base[plan.inputs + output] + offset(operand, position) * bytes;
    }

    private long offset(int operand, long position) {
        return iteration.rank() == 1 ? position * iteration.strides()[operand][0]
                : iteration.offset(operand, position);
    }

    private void load(int number, Program.Load l, long position, int n) {
        int operand = l.operand();
        DType dtype = l.dtype();
        int bytes = dtype.bytes();
        int register = l.register();
        if (plan.access[operand] == Plan.Access.DIRECT) {
            long from = base[operand] + offset(operand, position) * bytes;
            if (l.widen() != null) {
                l.widen().run(from, at[register], n);
            } else if (plan.slot[register] >= 0) {
                Mem.copy(from, at[register], (long) n * bytes);
            } else {
                at[register] = from;
            }
            return;
        }
        long to = plan.raw[number] >= 0 ? scratch + plan.raw[number] : at[register];
        int count = n;
        switch (plan.access[operand]) {
            case REPEAT -> {
                long from = base[operand] + offset(operand, position) * bytes;
                if (held[number] == from && filled[number] >= n) {
                    return;
                }
                held[number] = from;
                filled[number] = n;
                Blocks.move(from, 0, to, 0, 1, bytes);
                if (l.widen() != null) {
                    l.widen().run(to, at[register], 1);
                }
                Blocks.fill(at[register], n, Blocks.bytes(dtype.kind()));
                return;
            }
            case STRIDED -> {
                long from = base[operand] + offset(operand, position) * bytes;
                Blocks.move(from, iteration.innerStride(operand) * bytes, to, bytes, n, bytes);
            }
            case PERIODIC -> {
                long phase = position % iteration.inner();
                if (held[number] == phase) {
                    return;
                }
                held[number] = phase;
                count = (int) Math.min(plan.block, iteration.elements());
                rows(operand, phase, count, bytes, to);
            }
            default -> rows(operand, position, n, bytes, to);
        }
        if (l.widen() != null) {
            l.widen().run(to, at[register], count);
        }
    }

    /// Puts the axes' positions of element number `position` into [#index] and returns the operand's offset there.
    private long seek(int operand, long position) {
        long[] dims = iteration.dims();
        long[] strides = iteration.strides()[operand];
        long rest = position;
        long offset = 0;
        for (int i = dims.length - 1; i >= 0; i--) {
            long q = i == 0 ? 0 : rest / dims[i];
            index[i] = rest - q * dims[i];
            offset += index[i] * strides[i];
            rest = q;
        }
        return offset;
    }

    /// The change of an operand's offset from the end of a row to the start of the next one.
    private long nextRow(int operand) {
        long[] dims = iteration.dims();
        long[] strides = iteration.strides()[operand];
        int last = dims.length - 1;
        long change = -index[last] * strides[last];
        index[last] = 0;
        for (int i = last - 1; i >= 0; i--) {
            index[i]++;
            change += strides[i];
            if (index[i] < dims[i] || i == 0) {
                break;
            }
            index[i] = 0;
            change -= dims[i] * strides[i];
        }
        return change;
    }

    /// Gathers elements through short rows.
    private void rows(int operand, long position, int n, int bytes, long to) {
        long offset = seek(operand, position);
        int last = iteration.rank() - 1;
        long step = iteration.innerStride(operand);
        int done = 0;
        while (done < n) {
            int len = (int) Math.min(n - done, iteration.inner() - index[last]);
            Blocks.move(base[operand] + offset * bytes, step * bytes, to + (long) done * bytes, bytes, len, bytes);
            done += len;
            index[last] += len;
            offset += len * step + nextRow(operand);
        }
    }

    private void count(int operand, long to, long position, int n) {
        if (!plan.shortRows || plan.access[operand] == Plan.Access.DIRECT) {
            Blocks.count(offset(operand, position), iteration.innerStride(operand), to, n);
            return;
        }
        long offset = seek(operand, position);
        int last = iteration.rank() - 1;
        long step = iteration.innerStride(operand);
        int done = 0;
        while (done < n) {
            int len = (int) Math.min(n - done, iteration.inner() - index[last]);
            Blocks.count(offset, step, to + 8L * done, len);
            done += len;
            index[last] += len;
            offset += len * step + nextRow(operand);
        }
    }

    private void store(int output, long position, int n) {
        Program.Store s = program.stores[output];
        int operand = plan.firstOutput + output;
        int bytes = s.dtype().bytes();
        long from = at[s.register()];
        if (plan.access[operand] == Plan.Access.DIRECT) {
            long to = address(output, bytes, position);
            if (s.narrow() != null) {
                s.narrow().run(from, to, n);
            } else if (from != to) {
                Mem.copy(from, to, (long) n * bytes);
            }
            return;
        }
        if (s.narrow() != null) {
            long narrow = scratch + plan.narrowed;
            s.narrow().run(from, narrow, n);
            from = narrow;
        }
        long to = base[plan.inputs + output];
        if (!plan.shortRows) {
            long first = to + offset(operand, position) * bytes;
            Blocks.move(from, bytes, first, iteration.innerStride(operand) * bytes, n, bytes);
            return;
        }
        long offset = seek(operand, position);
        int last = iteration.rank() - 1;
        long step = iteration.innerStride(operand);
        int done = 0;
        while (done < n) {
            int len = (int) Math.min(n - done, iteration.inner() - index[last]);
            Blocks.move(from + (long) done * bytes, bytes, to + offset * bytes, step * bytes, len, bytes);
            done += len;
            index[last] += len;
            offset += len * step + nextRow(operand);
        }
    }
}
