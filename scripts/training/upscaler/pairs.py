"""Pairs of a small picture and the twice as large one it came from: clean, and as H.264 hands them over.

    python3 pairs.py FOLDER     writes FOLDER/pairs.npz (8-bit luma); packages are fetched into FOLDER/packages

Needs numpy, Pillow, pip, apt-get and ffmpeg.
"""
import os
import subprocess
import sys

import numpy as np
from PIL import Image

import pictures

# x264's constant rate factors of the compressed pairs, from hardly to plainly damaged.
RATE_FACTORS = (18, 22, 26, 30, 34, 38)
FRAMES = 9


def bytes_of(picture):
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def moving(picture, rng):
    """FRAMES frames of a slow pan and zoom over a picture."""
    height, width = (side // 4 * 4 for side in picture.shape)
    image = Image.fromarray(picture[:height, :width])
    zoom, dx, dy = rng.uniform(-0.004, 0.004), rng.uniform(-3, 3), rng.uniform(-2, 2)
    for i in range(FRAMES):
        scale = 0.96 + zoom * i
        x, y = width * (1 - scale) / 2 + dx * i, height * (1 - scale) / 2 + dy * i
        matrix = (scale, 0, x, 0, scale, y)
        yield np.asarray(image.transform((width, height), Image.AFFINE, matrix, Image.BICUBIC))


def coded(frames, rate_factor, preset):
    """Luma frames through x264 and back."""
    height, width = frames[0].shape
    neutral = np.full(width * height // 2, 128, np.uint8).tobytes()
    raw = b"".join(frame.tobytes() + neutral for frame in frames)
    form = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "%dx%d" % (width, height), "-r", "25"]
    stream = subprocess.run(
        ["ffmpeg", "-v", "error", "-threads", "1", *form, "-i", "-", "-c:v", "libx264", "-threads", "1", "-preset", preset,
         "-crf", str(rate_factor), "-f", "h264", "-"], input=raw, capture_output=True, check=True).stdout
    back = subprocess.run(["ffmpeg", "-v", "error", "-threads", "1", "-f", "h264", "-i", "-", "-f", "rawvideo", "-"],
                          input=stream, capture_output=True, check=True).stdout
    size = width * height * 3 // 2
    return [np.frombuffer(back, np.uint8, width * height, i * size).reshape(height, width) for i in range(len(frames))]


def crop(picture, rng, height=544, width=960):
    """A window of at most this size, sides divisible by 4."""
    h, w = min(height, picture.shape[0] // 4 * 4), min(width, picture.shape[1] // 4 * 4)
    y, x = (int(rng.integers(0, have - want + 1)) for have, want in zip(picture.shape, (h, w)))
    return picture[y : y + h, x : x + w]


def main(folder):
    rng = np.random.default_rng(1)
    packages = os.path.join(folder, "packages")
    pictures.fetch(packages)
    sources = [
        *pictures.photographs(packages),
        *pictures.clipart(packages, rng, 12),
        *pictures.drawings(rng, 36),
    ]
    arrays, index = {}, 0

    def keep(name, rate_factor, small, large):
        nonlocal index
        arrays["%03d|%s|%d|small" % (index, name, rate_factor)] = small
        arrays["%03d|%s|%d|large" % (index, name, rate_factor)] = large
        index += 1

    for name, picture in sources:
        large = bytes_of(crop(picture, rng, 1088, 1920))
        keep(name, 0, bytes_of(pictures.shrink(large, 2)), large)
        window = bytes_of(crop(picture, rng))
        for rate_factor in rng.choice(RATE_FACTORS, 3, replace=False):
            frames = list(moving(window, rng))
            small = [bytes_of(pictures.shrink(frame, 2)) for frame in frames]
            received = coded(small, int(rate_factor), str(rng.choice(["veryfast", "medium"])))
            for i in (2, 7):
                keep(name, int(rate_factor), received[i], frames[i])
    np.savez(os.path.join(folder, "pairs.npz"), **arrays)
    print(len(sources), "pictures,", index, "pairs")


if __name__ == "__main__":
    main(sys.argv[1])
