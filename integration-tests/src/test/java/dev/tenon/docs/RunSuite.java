package dev.tenon.docs;

import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/// Runs a test class in a JVM of its own: prints the first failures and, last, `succeeded S failed F skipped K`.
final class RunSuite {
    private static final int SHOWN = 20;

    private RunSuite() {}

    public static void main(String[] classes) {
        Launcher launcher = LauncherFactory.create();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherDiscoveryRequestBuilder request = LauncherDiscoveryRequestBuilder.request();
        for (String name : classes) {
            request.selectors(DiscoverySelectors.selectClass(name));
        }
        launcher.execute(request.build(), listener);
        TestExecutionSummary s = listener.getSummary();
        s.getFailures().stream().limit(SHOWN).forEach(f ->
                System.out.println("FAILED " + f.getTestIdentifier().getDisplayName() + ": " + f.getException()));
        System.out.println("succeeded " + s.getTestsSucceededCount() + " failed " + s.getTotalFailureCount()
                + " skipped " + s.getTestsSkippedCount());
        System.exit(s.getTotalFailureCount() == 0 ? 0 : 1);
    }
}
