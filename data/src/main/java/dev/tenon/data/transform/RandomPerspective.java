package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Shows an image as if from an angle: its corners move inwards at random.
///
/// @param distortion how far corners move, 0 to 1 of half the width and height
/// @param p the probability that anything happens
/// @param interpolation `NEAREST` or `BILINEAR`
/// @param fill the value of what was outside
public record RandomPerspective(double distortion, double p, Interpolation interpolation, double fill)
        implements Transform {
    /// @throws IllegalArgumentException if a number is not from 0 to 1 or the interpolation is `BICUBIC`
    public RandomPerspective {
        Draws.checkProbability("RandomPerspective, distortion", distortion);
        Draws.checkProbability("RandomPerspective", p);
        RandomAffine.check("RandomPerspective", interpolation);
    }

    /// By up to a half, with a probability of a half; bilinear, filled with 0.
    public RandomPerspective() {
        this(0.5, 0.5, Interpolation.BILINEAR, 0);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("RandomPerspective", image);
        if (!(random.nextDouble() < p)) {
            return image;
        }
        int roomX = (int) (distortion * (x.width / 2)) + 1;
        int roomY = (int) (distortion * (x.height / 2)) + 1;
        double w = x.width - 1.0;
        double h = x.height - 1.0;
        double[][] corners = {{0, 0}, {w, 0}, {w, h}, {0, h}};
        double[][] moved = new double[4][];
        for (int i = 0; i < 4; i++) {
            int dx = Draws.below(random, roomX);
            int dy = Draws.below(random, roomY);
            moved[i] = new double[] {i == 0 || i == 3 ? dx : w - dx, i < 2 ? dy : h - dy};
        }
        if (x.width < 2 || x.height < 2) {
            return image;
        }
        return Warp.transform(x, Warp.perspective(moved, corners), interpolation, fill).array();
    }
}
