/// Transforms of images and batches, with torchvision's names and meanings.
///
/// An image is a [dev.tenon.data.HostArray] of shape [channels, height, width], with 1 or 3 channels: `U8` from 0 to
/// 255, as image data sets give it, or, after [dev.tenon.data.transform.ToTensor], `F32` from 0 to 1. Results for `U8`
/// are rounded as Pillow rounds. Transforms never write to what they are given.
@NullMarked
package dev.tenon.data.transform;

import org.jspecify.annotations.NullMarked;
