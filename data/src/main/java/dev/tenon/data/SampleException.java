package dev.tenon.data;

/// A sample could not be read or made. Names the data set and the index and carries the cause.
public class SampleException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long index;

    /// @param dataset what the data set is called
    /// @param index the sample's index in the data set
    /// @param cause what went wrong
    public SampleException(String dataset, long index, Throwable cause) {
        super("sample " + index + " of " + dataset + ": " + describe(cause), cause);
        this.index = index;
    }

    /// The sample's index in the data set.
    public long index() {
        return index;
    }

    static String describe(Throwable cause) {
        String message = cause.getMessage();
        String name = cause.getClass().getSimpleName();
        return message == null || message.isBlank() ? name : name + ": " + message;
    }
}
