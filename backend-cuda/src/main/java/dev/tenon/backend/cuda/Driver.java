package dev.tenon.backend.cuda;

import java.util.List;

/// The part of CUDA's driver API that the backend uses, and the only place where it touches the driver. Methods fail
/// with a [DriverException]. Those that need a context use the one made current on the calling thread.
interface Driver {
    /// Something that the driver made.
    interface Handle {
        /// Its address, as libraries in C take it.
        long address();
    }

    /// A number that a device says of itself, with the driver's own number for it.
    enum Attribute {
        /// The largest number of threads in a block.
        MAX_THREADS(1),
        /// Shared memory of a block, in bytes.
        SHARED_BYTES(8),
        /// The number of multiprocessors.
        MULTIPROCESSORS(16),
        /// Major number of the compute capability.
        MAJOR(75),
        /// Minor number of the compute capability.
        MINOR(76),
        /// Whether memory can be allocated and freed in the order of a stream.
        MEMORY_POOLS(115);

        private final int code;

        Attribute(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /// The newest version of CUDA that the driver knows, such as 13000 for 13.0.
    int version();

    int deviceCount();

    String deviceName(int device);

    long deviceMemory(int device);

    int attribute(int device, Attribute what);

    /// Whether one device can read and write the memory of another.
    boolean canAccessPeer(int device, int peer);

    /// The primary context of a device, kept until the process ends.
    Handle retainPrimaryContext(int device);

    void makeCurrent(Handle context);

    /// Lets the current context reach the memory of another context's device.
    void enablePeerAccess(Handle peerContext);

    /// Bytes free and in all on the current context's device.
    long[] memoryInfo();

    long allocate(long bytes);

    /// Frees memory once all work that uses it is done.
    void free(long address);

    long allocateAsync(long bytes, Handle stream);

    void freeAsync(long address, Handle stream);

    /// Host memory that devices reach themselves.
    long allocateHost(long bytes);

    void freeHost(long address);

    void copyToDevice(long device, long host, long bytes, Handle stream);

    void copyToHost(long host, long device, long bytes, Handle stream);

    void copy(long to, long from, long bytes, Handle stream);

    void copyPeer(long to, Handle toContext, long from, Handle fromContext, long bytes, Handle stream);

    Handle createStream();

    void synchronizeStream(Handle stream);

    void waitEvent(Handle stream, Handle event);

    Handle createEvent();

    /// An event that also notes when the stream came to it.
    Handle createTimedEvent();

    /// The time between two timed events that are done, in milliseconds.
    double elapsedMillis(Handle start, Handle end);

    void destroyEvent(Handle event);

    void recordEvent(Handle event, Handle stream);

    boolean isEventDone(Handle event);

    void synchronizeEvent(Handle event);

    /// Loads machine code or PTX.
    Handle loadModule(byte[] image);

    void unloadModule(Handle module);

    Handle function(Handle module, String name);

    /// Launches groups of threads along one axis.
    ///
    /// @param arguments the address of an array of addresses, one for each argument
    void launch(Handle function, int groups, int threads, Handle stream, long arguments);

    /// From now on what this thread enqueues on the stream is recorded instead of run.
    void beginCapture(Handle stream);

    /// The recorded graph, made ready to be launched.
    Handle endCapture(Handle stream);

    /// Ends a recording that is of no use, whatever state it is in.
    void abandonCapture(Handle stream);

    void launchGraph(Handle graph, Handle stream);

    void destroyGraph(Handle graph);

    /// The codes of failures after which the context, and with it the process, can compute nothing more.
    List<Integer> STICKY = List.of(
            // An uncorrectable memory error, and a kernel that was stopped.
            214, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721);

    /// The code for a lack of memory.
    int OUT_OF_MEMORY = 2;

    /// The code for an event that is not there yet.
    int NOT_READY = 600;
}
