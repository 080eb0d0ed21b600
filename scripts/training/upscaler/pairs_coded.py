"""Pairs for train_coded.py: frames of short videos as H.264 hands them over, half their size, and the frames themselves.

    python3 pairs_coded.py FOLDER     writes FOLDER/coded.npz (8-bit luma); packages as pairs.py leaves them

What a rate factor does to a video depends on how it moves: what stands still is coded once and kept, what moves is coded
again and again. So most of these stand still or nearly so, as most videos do, and most have a lens's softness and a sensor's grain.
"""
import os
import sys

import numpy as np
from PIL import Image, ImageFilter

import pairs
import pictures

RATE_FACTORS = (20, 24, 28, 32, 36)
FRAMES = 7


def video(picture, rng):
    """FRAMES frames of a picture under a camera."""
    height, width = picture.shape
    image = Image.fromarray(picture)
    if rng.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.4, 1.0))))
    kind = rng.random()
    reach = 0 if kind < 0.45 else 0.4 if kind < 0.7 else 3
    zoom, dx, dy = rng.uniform(-0.001, 0.001) * reach, rng.uniform(-1, 1) * reach, rng.uniform(-0.7, 0.7) * reach
    grain = rng.uniform(0.5, 3) if rng.random() < 0.6 else 0
    for i in range(FRAMES):
        scale = 0.96 + zoom * i if reach else 1
        x, y = width * (1 - scale) / 2 + dx * i, height * (1 - scale) / 2 + dy * i
        frame = np.asarray(image.transform((width, height), Image.AFFINE, (scale, 0, x, 0, scale, y), Image.BICUBIC), np.float32)
        yield pairs.bytes_of(frame + grain * rng.standard_normal(frame.shape, np.float32))


def main(folder):
    rng = np.random.default_rng(2)
    packages = os.path.join(folder, "packages")
    pictures.fetch(packages)
    sources = [*pictures.photographs(packages), *pictures.clipart(packages, rng, 8), *pictures.drawings(rng, 16)]
    arrays, index = {}, 0
    for name, picture in sources:
        window = pairs.bytes_of(pairs.crop(picture, rng, 480, 832))
        for rate_factor in rng.choice(RATE_FACTORS, 3, replace=False):
            frames = list(video(window, rng))
            small = [pairs.bytes_of(pictures.shrink(frame, 2)) for frame in frames]
            received = pairs.coded(small, int(rate_factor), str(rng.choice(["veryfast", "medium"])))
            for i in (1, 5):
                arrays["%03d|%s|%d|small" % (index, name, rate_factor)] = received[i]
                arrays["%03d|%s|%d|large" % (index, name, rate_factor)] = frames[i]
                index += 1
    np.savez(os.path.join(folder, "coded.npz"), **arrays)
    print(len(sources), "pictures,", index, "pairs")


if __name__ == "__main__":
    main(sys.argv[1])
