package dev.tenon.api.spi;

/// The stream of a device that computes at once: nothing is ever pending.
public final class ImmediateStream implements Stream {
    /// The only instance.
    public static final ImmediateStream INSTANCE = new ImmediateStream();

    private static final Event DONE = new Event() {
        @Override
        public boolean isDone() {
            return true;
        }

        @Override
        public void synchronize() {
            // Nothing is ever pending.
        }
    };

    private ImmediateStream() {}

    @Override
    public Event record() {
        return DONE;
    }

    @Override
    public void waitFor(Event event) {
        event.synchronize();
    }

    @Override
    public void synchronize() {
        // Nothing is ever pending.
    }
}
