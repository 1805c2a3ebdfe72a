package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.api.Device;
import dev.tenon.data.transform.Mixup;
import dev.tenon.data.transform.OneHot;
import dev.tenon.data.transform.RandomAffine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `pinMemory`, `prefetch` and `workers` mean the same on every device there is: the same batches, kept while the
/// following ones are loaded.
class LoaderOnEveryDeviceTest {

    private static DataLoader.Builder builder(Device device) {
        return DataLoader.builder(new DigitsDataset(3, 70)
                .transform(new RandomAffine(15, 0.1, 0.1))
                .transform(new OneHot(10)))
            .batchSize(16).shuffle(5).transform(new Mixup(0.4)).device(device);
    }

    private static List<String> contents(DataLoader loader) {
        List<Batch> kept = new ArrayList<>();
        loader.forEach(kept::add);
        List<String> out = new ArrayList<>();
        for (Batch b : kept) {
            try (b) {
                out.add(Arrays.hashCode(b.input().toFloatArray()) + Arrays.toString(b.target().toFloatArray()));
            }
        }
        return out;
    }

    @Test
    void batchesAreTheSame() {
        List<String> want;
        try (DataLoader loader = builder(Device.of("cpu")).build()) {
            want = contents(loader);
            assertEquals(5, want.size());
        }
        for (Device device : Device.all()) {
            if (device.type().equals("meta")) {
                continue; // a device of these tests, without memory
            }
            for (int workers : new int[] {0, 1, 2}) {
                for (int prefetch : new int[] {1, 3}) {
                    for (boolean pin : new boolean[] {false, true}) {
                        try (DataLoader loader =
                                builder(device).workers(workers).prefetch(prefetch).pinMemory(pin).build()) {
                            assertEquals(want, contents(loader), device + ", " + workers + " workers, prefetch "
                                + prefetch + (pin ? ", pinned" : ""));
                        }
                    }
                }
            }
            System.out.println("loaded onto " + device);
        }
    }
}
