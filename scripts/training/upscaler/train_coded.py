"""Trains what the upscaler's net becomes on compressed video, starting from the net for clean video that train.py made.

    python3 train_coded.py FOLDER CLEAN.net OUT.net [--steps 9000]

The weights are a piecewise linear function of how strongly the picture was compressed: KNOTS are rate factors of x264, the
first of them stands for "not to be seen" and keeps the clean net's weights as they are. Each step takes pairs of one rate
factor, mixes the weights of the two knots around it, and so trains both for being mixed. OUT.net is all knots' nets, one
after the other, each as train.py's `write` describes.
"""
import argparse

import numpy as np
import torch
import torch.nn.functional as F

import train

KNOTS = (16, 27, 38)
FACTORS = (20, 24, 28, 32, 36)


def read(path):
    """The tensors of a net file: kernel and bias of every convolution, then the linear kernel."""
    numbers = torch.tensor(np.fromfile(path, "<f4"))
    channels, layers = int(numbers[0]), int(numbers[1])
    shapes = [(channels, 1, 5, 5), (channels,)]
    for _ in range(layers):
        shapes += [(channels, channels, 3, 3), (channels,)]
    shapes += [(4, channels, 3, 3), (4,), (4, 1, 5, 5)]
    tensors, at = [], 2
    for shape in shapes:
        count = int(np.prod(shape))
        tensors.append(numbers[at : at + count].reshape(shape))
        at += count
    return tensors


def steady(tensors):
    """The same tensors such that flat pictures keep their value: see train.py."""
    tensors = list(tensors)
    tensors[0] = tensors[0] - tensors[0].mean((2, 3), keepdim=True)
    line = tensors[-1]
    tensors[-1] = line + (1 - line.sum((2, 3), keepdim=True)) / 25
    x = F.relu(tensors[1])
    for i in range(2, len(tensors) - 1, 2):
        x = tensors[i].sum((2, 3)) @ x
        if i < len(tensors) - 3:
            x = F.relu(x + tensors[i + 1])
    tensors[-2] = -x
    return tensors


def forward(tensors, x):
    """As train.py's Net."""
    margin = len(tensors) // 2 - 1
    base = F.conv2d(x[..., margin : x.shape[-2] - margin, margin : x.shape[-1] - margin], tensors[-1])
    for i in range(0, len(tensors) - 1, 2):
        x = F.conv2d(x, tensors[i], tensors[i + 1])
        if i < len(tensors) - 3:
            x = F.relu(x)
    return F.pixel_shuffle(base + x, 2)


def at(knots, factor):
    """The weights for a rate factor."""
    place = min(max(factor, KNOTS[0]), KNOTS[-1])
    k = min(max(int(np.searchsorted(KNOTS, place)) - 1, 0), len(KNOTS) - 2)
    share = (place - KNOTS[k]) / (KNOTS[k + 1] - KNOTS[k])
    return steady([(1 - share) * a + share * b for a, b in zip(knots[k], knots[k + 1])])


class Mixed:
    """What `train.psnr` asks of a net."""

    def __init__(self, tensors):
        self.tensors, self.reach = tensors, len(tensors) // 2 + 1

    def __call__(self, x):
        return forward(self.tensors, x)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("clean")
    parser.add_argument("out")
    parser.add_argument("--steps", type=int, default=9000)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    options = parser.parse_args()
    torch.manual_seed(7)
    torch.set_num_threads(1)
    rng = np.random.default_rng(7)
    pairs = train.load(options.folder + "/coded.npz")
    held = {factor: pairs[factor][4::9][:8] for factor in FACTORS}
    clean = read(options.clean)
    knots = [clean, *[[t.clone().requires_grad_() for t in clean] for _ in KNOTS[1:]]]
    reach = len(clean) // 2 + 1
    optimizer = torch.optim.Adam([t for knot in knots[1:] for t in knot], lr=options.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, options.steps, pct_start=0.05, final_div_factor=1e3)
    feeds = {
        factor: train.batches({factor: [p for i, p in enumerate(pairs[factor]) if i % 9 != 4]}, {factor: 1.0}, reach, rng)
        for factor in FACTORS
    }

    def report():
        with torch.no_grad():
            return " ".join("%d: %.2f" % (f, train.psnr(Mixed(at(knots, f)), held[f])) for f in FACTORS)

    print("clean net:", " ".join("%d: %.2f" % (f, train.psnr(Mixed(clean), held[f])) for f in FACTORS), flush=True)
    for step in range(options.steps):
        factor = FACTORS[int(rng.integers(len(FACTORS)))]
        x, y = next(feeds[factor])
        loss = torch.sqrt((forward(at(knots, factor), x) - y) ** 2 + 4e-4).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 1000 == 999 or step == options.steps - 1:
            print("step %d  held back, dB by rate factor: %s" % (step + 1, report()), flush=True)
            with torch.no_grad():
                parts = []
                for knot in knots:
                    parts += [np.array([clean[0].shape[0], len(clean) // 2 - 2]), *[t.numpy() for t in steady(knot)]]
            np.concatenate([np.ravel(part) for part in parts]).astype("<f4").tofile(options.out)


if __name__ == "__main__":
    main()
