package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Changes brightness, contrast, saturation and hue of an image at random, in random order.
///
/// @param brightness the factor is uniform from 1 - brightness (but at least 0) to 1 + brightness
/// @param contrast so is this factor
/// @param saturation so is this factor
/// @param hue turned by up to this share of the circle either way, at most 0.5
public record ColorJitter(double brightness, double contrast, double saturation, double hue) implements Transform {
    /// @throws IllegalArgumentException if a number is out of its range
    public ColorJitter {
        Draws.checkRange("ColorJitter", "brightness", 0, brightness, 0);
        Draws.checkRange("ColorJitter", "contrast", 0, contrast, 0);
        Draws.checkRange("ColorJitter", "saturation", 0, saturation, 0);
        if (!(hue >= 0 && hue <= 0.5)) {
            throw new IllegalArgumentException("ColorJitter: hue " + hue + ": expected 0 to 0.5");
        }
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("ColorJitter", image);
        Colors.checkChannels("ColorJitter", x);
        int[] order = {0, 1, 2, 3};
        for (int i = 3; i > 0; i--) {
            int j = Draws.below(random, i + 1);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        double b = factor(random, brightness);
        double c = factor(random, contrast);
        double s = factor(random, saturation);
        double h = Draws.uniform(random, -hue, hue);
        for (int what : order) {
            x = switch (what) {
                case 0 -> brightness == 0 ? x : Colors.brightness(x, b);
                case 1 -> contrast == 0 ? x : Colors.contrast(x, c);
                case 2 -> saturation == 0 ? x : Colors.saturation(x, s);
                default -> hue == 0 ? x : Colors.hue(x, h);
            };
        }
        return x.array();
    }

    private static double factor(RandomGenerator random, double strength) {
        return Draws.uniform(random, Math.max(0, 1 - strength), 1 + strength);
    }
}
