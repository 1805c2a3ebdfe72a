package dev.tenon.backend.cpu.conv;

import static dev.tenon.backend.cpu.conv.WinogradTransforms.LANES;
import static dev.tenon.backend.cpu.conv.WinogradTransforms.POINT;

import dev.tenon.backend.cpu.Mem;

/// Images that [Winograd] reads or writes by blocks of as many channels as vectors have lanes: planes, `[n, c, h, w]`,
/// which are turned on the way, or blocks as they lie, `[n, c / LANES, h, w, LANES]`.
///
/// @param at their address
/// @param channels of an image; whole blocks if they lie so
/// @param points of a plane
/// @param blocked whether they lie in blocks
record WinogradImages(long at, int channels, int points, boolean blocked) {

    private long address(int image, int block, int point) {
        long channel = (long) image * channels + block * LANES;
        return at + 4 * (channel * points + (blocked ? (long) LANES * point : point));
    }

    private int some(int block) {
        return Math.min(LANES, channels - block * LANES);
    }

    /// Where some points of a block of an image are: in place, or turned to `otherwise`.
    long read(int image, int block, int point, int count, long otherwise) {
        long from = address(image, block, point);
        if (blocked) {
            return from;
        }
        WinogradTransforms.turn(from, 4L * points, some(block), count, otherwise);
        return otherwise;
    }

    /// Where points are to be written: in place, or to `otherwise` to be brought back.
    long written(int image, int block, int point, long otherwise) {
        return blocked ? address(image, block, point) : otherwise;
    }

    /// Brings points back that are not where they belong.
    void store(int image, int block, int point, int count, long from) {
        if (!blocked) {
            WinogradTransforms.turnBack(from, some(block), count, address(image, block, point), 4L * points);
        }
    }

    /// The planes of an image: where they are, or brought to `otherwise`.
    long planes(int image, long otherwise) {
        if (!blocked) {
            return address(image, 0, 0);
        }
        for (int b = 0; b * LANES < channels; b++) {
            WinogradTransforms.turnBack(address(image, b, 0), LANES, points, otherwise + b * points * POINT,
                    4L * points);
        }
        return otherwise;
    }

    /// Takes some points of a block over from the planes of an image.
    void take(int image, int block, int point, int count, long planes) {
        long from = planes + 4L * ((long) block * LANES * points + point);
        long to = address(image, block, point);
        if (blocked) {
            WinogradTransforms.turn(from, 4L * points, LANES, count, to);
            return;
        }
        for (int c = 0; c < some(block); c++) {
            Mem.copy(from + 4L * c * points, to + 4L * c * points, 4L * count);
        }
    }
}
