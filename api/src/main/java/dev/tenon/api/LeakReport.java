package dev.tenon.api;

import java.util.List;

/// Tells which tensors made since a certain moment are still in use: what a loop that should run in constant memory
/// leaves
/// behind. With `-Dtenon.leaks=true` it also tells where each was made (which costs time at every allocation).
///
/// ```java
/// LeakReport report = LeakReport.start(device);
/// train(1000);
/// System.out.println(report);
/// ```
public final class LeakReport {
    private final Device device;
    private final long mark;

    private LeakReport(Device device) {
        this.device = device;
        this.mark = device.memory().allocations();
    }

    /// Starts watching a device.
    public static LeakReport start(Device device) {
        return new LeakReport(device);
    }

    /// What was made since the start and is still in use after a garbage collection: size and, if recorded, place
    /// of each.
    public List<String> live() {
        return device.state().pool().liveSince(mark);
    }

    @Override
    public String toString() {
        List<String> live = live();
        return live.size() + " blocks on " + device + " made since the start are still in use"
                + (live.isEmpty() ? "" : ":\n  " + String.join("\n  ", live));
    }
}
