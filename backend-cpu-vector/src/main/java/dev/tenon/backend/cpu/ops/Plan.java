package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.backend.cpu.block.Blocks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A [Program] laid out over the elements of operands of certain types: how each operand comes into its register, and
/// which registers share memory. Immutable; a [Frame] runs it.
///
/// Where rows are long, blocks are pieces of rows, and operands whose elements lie next to each other are read where
/// they
/// are. Where rows are short, blocks are runs of whole rows.
final class Plan {
    /// Elements in a block: a handful of registers stay in a first-level cache.
    static final int BLOCK = 1024;
    /// Elements in a block when nothing but operands in place is touched.
    static final int LONG_BLOCK = 16384;
    /// Rows shorter than this are taken several at a time.
    private static final int SHORT_ROW = 128;

    /// How an operand comes into its register.
    enum Access {
        /// Its elements lie next to each other.
        DIRECT,
        /// One element for the whole block.
        REPEAT,
        /// Elements at a distance.
        STRIDED,
        /// The same short row again and again.
        PERIODIC,
        /// Short rows anywhere.
        ROWS
    }

    final Blocks blocks;
    final Program program;
    final Iteration iteration;
    final boolean shortRows;
    final int block;
    final int inputs;
    final int firstCount;
    final int firstOutput;
    final Access[] access;
    /// For each register its place in the scratch memory, or -1 if it lies elsewhere.
    final int[] slot;
    /// For each load, the place of elements not yet widened, or -1.
    final int[] raw;
    /// For each output, whether its register lies in it.
    final boolean[] direct;
    /// The place of results that are narrowed before they are scattered.
    final int narrowed;
    final int scratchBytes;

    /// @param dims the extents to which the operands broadcast
    /// @param order the order in which to walk the axes, outermost first
    /// @param in the operands' types
    /// @param out the types of the outputs, or null to leave results in registers
    /// @param barriers axes, in walking order, that must not be joined with the one before
    Plan(Blocks blocks, Lambda body, long[] dims, int[] order, List<TensorType> in,
            @Nullable List<TensorType> out, boolean... barriers) {
        this.blocks = blocks;
        Shape shape = Shape.of(dims);
        List<long[]> strides = new ArrayList<>();
        boolean[] uniform = new boolean[in.size()];
        for (int i = 0; i < uniform.length; i++) {
            long[] s = in.get(i).broadcastStrides(shape);
            uniform[i] = true;
            for (int a = 0; a < s.length; a++) {
                uniform[i] &= s[a] == 0 || dims[a] == 1;
            }
            strides.add(s);
        }
        List<DType> dtypes = in.stream().map(TensorType::dtype).toList();
        program = new Program(blocks, body, dtypes, uniform, body.dtypes(), out != null);
        inputs = in.size();
        firstCount = inputs;
        for (Program.Count c : program.counts) {
            long[] s = new long[dims.length];
            if (c.axis() < 0) {
                s = shape.contiguousStrides();
            } else {
                s[c.axis()] = 1;
            }
            strides.add(s);
        }
        firstOutput = strides.size();
        if (out != null) {
            out.forEach(t -> strides.add(t.strides()));
        }
        List<long[]> walked = strides.stream().map(s -> permute(s, order)).toList();
        iteration = Iteration.of(permute(dims, order), walked, barriers);
        shortRows = iteration.rank() > 1 && iteration.inner() < SHORT_ROW && iteration.elements() > 0;
        access = new Access[iteration.strides().length];
        for (int o = 0; o < access.length; o++) {
            access[o] = access(o);
        }
        slot = new int[program.registers()];
        raw = new int[program.loads.size()];
        direct = new boolean[out == null ? 0 : out.size()];
        Slots slots = new Slots();
        assign(slots, in, out);
        narrowed = needsNarrowed(out) ? slots.take(BLOCK * 4) : -1;
        scratchBytes = slots.bytes;
        boolean nothing = slots.bytes == 0 && program.uniformLoads.isEmpty();
        int most = nothing ? LONG_BLOCK : BLOCK;
        block = shortRows ? (int) (BLOCK / iteration.inner() * iteration.inner()) : most;
    }

    private boolean needsNarrowed(@Nullable List<TensorType> out) {
        for (int o = 0; out != null && o < out.size(); o++) {
            if (program.stores[o].narrow() != null && access[firstOutput + o] != Access.DIRECT) {
                return true;
            }
        }
        return false;
    }

    static long[] permute(long[] x, int[] order) {
        long[] y = new long[x.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = x[order[i]];
        }
        return y;
    }

    /// The axes in their own order.
    static int[] identity(int rank) {
        int[] order = new int[rank];
        Arrays.setAll(order, i -> i);
        return order;
    }

    private Access access(int operand) {
        if (shortRows) {
            return iteration.isLinear(operand) ? Access.DIRECT
                    : iteration.isPeriodic(operand) ? Access.PERIODIC : Access.ROWS;
        }
        long s = iteration.innerStride(operand);
        return s == 1 || iteration.elements() <= 1 ? Access.DIRECT : s == 0 ? Access.REPEAT : Access.STRIDED;
    }

    /// Hands out and takes back pieces of scratch memory.
    private static final class Slots {
        final List<int[]> free = new ArrayList<>();
        int bytes;

        int take(int size) {
            for (int[] f : free) {
                if (f[1] == size) {
                    free.remove(f);
                    return f[0];
                }
            }
            int at = bytes;
            bytes += size + 63 & -64;
            return at;
        }

        void give(int at, int size) {
            free.add(new int[] {at, size});
        }
    }

    private void assign(Slots slots, List<TensorType> in, @Nullable List<TensorType> out) {
        Arrays.fill(slot, -1);
        Arrays.fill(raw, -1);
        boolean[] wide = new boolean[slot.length];
        for (Program.Spread s : program.spreads) {
            wide[s.register()] = true;
        }
        // A block is never longer than the whole, which keeps small ops small.
        int most = (int) Math.min(BLOCK, Math.max(1, iteration.elements()));
        for (int r = 0; r < slot.length; r++) {
            if (program.isUniform(r)) {
                slot[r] = slots.take(wide[r] ? size(r, most) : 8);
            }
        }
        int[] last = program.lastUses();
        for (Program.Load l : program.loads) {
            // What is loaded once for many blocks stays.
            if (access[l.operand()] == Access.PERIODIC || access[l.operand()] == Access.REPEAT) {
                last[l.register()] = Integer.MAX_VALUE;
            }
        }
        boolean[] stored = new boolean[slot.length];
        for (Program.Store s : program.stores) {
            stored[s.register()] = true;
        }
        for (int l = 0; l < raw.length; l++) {
            Program.Load load = program.loads.get(l);
            // An output that is written first may be the operand that another output is copied from.
            boolean copied = stored[load.register()] && program.stores.length > 1;
            boolean moved = access[load.operand()] != Access.DIRECT;
            if (moved || copied || load.widen() != null) {
                slot[load.register()] = slots.take(size(load.register(), most));
            }
            if (moved && load.widen() != null) {
                raw[l] = slots.take(most * load.dtype().bytes());
            }
        }
        for (Program.Count c : program.counts) {
            slot[c.register()] = slots.take(size(c.register(), most));
        }
        for (int i = 0; i < program.code.length; i++) {
            Program.Instruction code = program.code[i];
            int output = out == null ? -1 : directOutput(i, code.out(), in, out);
            for (int r : new int[] {code.a(), code.b(), code.c()}) {
                boolean sameSize = r >= 0 && size(r, 1) == size(code.out(), 1);
                if (sameSize) {
                    release(slots, r, i, last, most);
                }
            }
            if (output >= 0) {
                direct[output] = true;
            } else {
                slot[code.out()] = slots.take(size(code.out(), most));
            }
            for (int r : new int[] {code.a(), code.b(), code.c()}) {
                if (r >= 0 && size(r, 1) != size(code.out(), 1)) {
                    release(slots, r, i, last, most);
                }
            }
            release(slots, code.out(), -1, last, most);
        }
    }

    private void release(Slots slots, int r, int at, int[] last, int most) {
        if (last[r] == at && slot[r] >= 0 && !program.isUniform(r)) {
            slots.give(slot[r], size(r, most));
            last[r] = Integer.MAX_VALUE;
        }
    }

    private int size(int register, int elements) {
        return elements * Blocks.bytes(program.kind(register));
    }

    /// The output into which instruction `i` may write its result at once, or -1: one of the same dtype whose elements
    /// lie next to each other, and whose memory no later instruction can read as an operand.
    private int directOutput(int i, int register, List<TensorType> in, List<TensorType> out) {
        for (int o = 0; o < program.stores.length; o++) {
            Program.Store s = program.stores[o];
            if (s.register() == register && s.narrow() == null && access[firstOutput + o] == Access.DIRECT
                    && !readLater(i, out.get(o), in)) {
                return o;
            }
        }
        return -1;
    }

    private boolean readLater(int i, TensorType out, List<TensorType> in) {
        for (Program.Load l : program.loads) {
            if (slot[l.register()] < 0 && in.get(l.operand()).equals(out)) {
                for (int j = i + 1; j < program.code.length; j++) {
                    Program.Instruction c = program.code[j];
                    if (c.a() == l.register() || c.b() == l.register() || c.c() == l.register()) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /// The elements from which on a block ends that starts at `position`.
    int blockLength(long position, long end) {
        long most = Math.min(block, end - position);
        if (!shortRows && iteration.rank() > 1) {
            most = Math.min(most, iteration.inner() - position % iteration.inner());
        }
        return (int) most;
    }

    /// Ready to run for operands and outputs at the given addresses.
    Frame open(long[] addresses, Scalars scalars) {
        return new Frame(this, addresses, scalars);
    }
}
