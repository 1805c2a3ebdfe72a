package dev.tenon.api.spi;

/// A queue of work on a device, done in order. On a device that computes at once (a CPU) everything is already done
/// when
/// a call returns.
public interface Stream {
    /// A mark at the end of what is enqueued now.
    Event record();

    /// Lets work enqueued later on this stream wait for an event, perhaps of another stream.
    void waitFor(Event event);

    /// Blocks until everything enqueued so far is done.
    void synchronize();
}
