package dev.tenon.api;

import dev.tenon.api.op.Scalars;
import java.util.concurrent.atomic.AtomicLong;

/// A source of random numbers: a seed, and a counter of the streams already drawn. Each random op takes one stream and
/// computes each element's bits from (seed, stream, element) with Philox 4x32-10, so the same seed gives the same
/// bits on
/// every device and with any number of threads.
public final class Generator {
    private static final Generator DEFAULT = new Generator(0x7E_4013L);

    private volatile long seed;
    private final AtomicLong stream = new AtomicLong();

    /// A generator with the given seed at its first stream.
    public Generator(long seed) {
        this.seed = seed;
    }

    /// The generator used where none is given; shared by all threads.
    public static Generator getDefault() {
        return DEFAULT;
    }

    /// Sets the seed and starts over at the first stream.
    ///
    /// @return this
    public Generator manualSeed(long newSeed) {
        seed = newSeed;
        stream.set(0);
        return this;
    }

    /// The seed.
    public long seed() {
        return seed;
    }

    /// The number of streams drawn so far.
    public long position() {
        return stream.get();
    }

    /// Goes to where a generator with this seed had drawn that many streams: with [#seed()], the whole state.
    public void restore(long seedValue, long position) {
        seed = seedValue;
        stream.set(position);
    }

    /// The seed and the next stream, as two numbers for an op: drawn now, or, where a graph is being captured, at each
    /// of its runs.
    public Scalars draw() {
        if (Context.isRecording()) {
            // The position moves on for the capture alone, so that going back to it gives the same numbers again.
            return Scalars.perRun(new Draw(this, seed, nextStream()), 2, () -> new long[] {seed, nextStream()});
        }
        return Scalars.ofBits(seed, nextStream());
    }

    /// One draw: what a recorder knows it by.
    ///
    /// @param generator the generator
    /// @param seed its seed then
    /// @param stream the stream that was drawn
    public record Draw(Generator generator, long seed, long stream) {}

    /// Takes the next stream.
    public long nextStream() {
        return stream.getAndIncrement();
    }
}
