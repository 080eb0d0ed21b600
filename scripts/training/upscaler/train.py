"""Trains the upscaler's nets on the pairs of pairs.py and writes them as small files for src/vision/upscaling.

    python3 train.py FOLDER OUT.net [--steps 12000] [--channels 16] [--layers 2]

Needs torch (the processor's build will do; one thread, minutes) and numpy. The same seed gives the same file on the same
machine and version of torch.

The net, on luma alone (s: 1 / 255): a 5x5 convolution to `channels`, `layers` 3x3 convolutions, a 3x3 convolution to the four
pixels that one becomes, and beside all of them a linear 5x5 convolution to the same four. The first convolution's kernels
sum to 0 and the linear one's to 1, and what the nonlinear part makes of a flat picture is taken off: flat parts keep
their value exactly, whatever it is. While it trains, every 3x3 convolution is a product of two (Bhardwaj et al. 2022,
collapsible linear blocks), which learns better than the plain one it is equal to.
"""
import argparse

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

PATCH = 32
BATCH = 16
EXPANDED = 64
# Shares of the pairs by rate factor; 0 is not compressed at all.
MIX = {0: 0.9, 18: 0.1}


class Block(nn.Module):
    """A 3x3 (or 5x5) convolution as the product of a wider one and a 1x1 one."""

    def __init__(self, inputs, outputs, size):
        super().__init__()
        self.inputs, self.outputs, self.size = inputs, outputs, size
        self.wide = nn.Parameter(torch.randn(EXPANDED, inputs, size, size) * (1 / (inputs * size * size)) ** 0.5)
        self.narrow = nn.Parameter(torch.randn(outputs, EXPANDED) * (1 / EXPANDED) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def kernel(self):
        kernel = torch.einsum("oe,eikl->oikl", self.narrow, self.wide)
        if self.inputs == 1:
            return kernel - kernel.mean((2, 3), keepdim=True)
        if self.inputs == self.outputs:
            identity = torch.zeros_like(kernel)
            identity[range(self.outputs), range(self.inputs), self.size // 2, self.size // 2] = 1
            return kernel + identity
        return kernel


class Net(nn.Module):
    """See the top of the file. Takes [n, 1, h, w] and gives [n, 1, 2 (h - 2 reach), 2 (w - 2 reach)]."""

    def __init__(self, channels, layers):
        super().__init__()
        self.reach = 3 + layers
        self.blocks = nn.ModuleList(
            [Block(1, channels, 5), *[Block(channels, channels, 3) for _ in range(layers)], Block(channels, 4, 3)])
        with torch.no_grad():
            self.blocks[-1].narrow *= 0.1
        self.linear = nn.Parameter(torch.zeros(4, 1, 5, 5))

    def line(self):
        """The linear kernel: bicubic weights to start from."""
        near, far = np.array([-9, 111, 29, -3]) / 128, np.array([-3, 29, 111, -9]) / 128
        sides = [np.r_[far, 0], np.r_[0, near]]
        start = np.stack([np.outer(sides[p // 2], sides[p % 2]) for p in range(4)])[:, None]
        kernel = self.linear + torch.tensor(start, dtype=torch.float32)
        return kernel + (1 - kernel.sum((2, 3), keepdim=True)) / 25

    def details(self, x):
        for i, block in enumerate(self.blocks):
            x = F.conv2d(x, block.kernel(), block.bias)
            if i < len(self.blocks) - 1:
                x = F.relu(x)
        return x

    def final_bias(self):
        """What makes the answer to a flat picture zero."""
        size = 2 * self.reach + 1
        flat = self.details(torch.zeros(1, 1, size, size))[0, :, 0, 0]
        return self.blocks[-1].bias - flat

    def forward(self, x):
        margin = self.reach - 2
        base = F.conv2d(x[..., margin : x.shape[-2] - margin, margin : x.shape[-1] - margin], self.line())
        flat = (self.final_bias() - self.blocks[-1].bias)[None, :, None, None]
        return F.pixel_shuffle(base + self.details(x) + flat, 2)


def load(path):
    """`{rate factor: [(small, large)]}`."""
    pairs = {}
    with np.load(path) as data:
        for name in data.files:
            if name.endswith("small"):
                rate_factor = int(name.split("|")[2])
                pairs.setdefault(rate_factor, []).append((data[name], data[name[:-5] + "large"]))
    return pairs


def batches(pairs, mix, reach, rng):
    """Endless batches of patches, turned and mirrored; of two places the one with more in it is taken more often."""
    factors, shares = list(mix), np.array(list(mix.values()))
    side = PATCH + 2 * reach
    while True:
        xs, ys = [], []
        while len(xs) < BATCH:
            options = pairs[factors[rng.choice(len(factors), p=shares)]]
            small, large = options[rng.integers(len(options))]
            if min(small.shape) < side:
                continue
            places = [tuple(int(rng.integers(0, have - side + 1)) for have in small.shape) for _ in range(2)]
            if rng.random() < 0.7:
                places.sort(key=lambda p: -small[p[0] : p[0] + side, p[1] : p[1] + side].astype(np.float32).std())
            y, x = places[0]
            a = small[y : y + side, x : x + side]
            b = large[2 * (y + reach) : 2 * (y + reach + PATCH), 2 * (x + reach) : 2 * (x + reach + PATCH)]
            turn, mirror = int(rng.integers(4)), rng.random() < 0.5
            a, b = np.rot90(a, turn), np.rot90(b, turn)
            if mirror:
                a, b = a[:, ::-1], b[:, ::-1]
            xs.append(a.copy())
            ys.append(b.copy())
        yield tuple(torch.tensor(np.stack(z)[:, None], dtype=torch.float32) / 255 for z in (xs, ys))


def psnr(net, pairs):
    """Mean over pictures, dB of full-scale 255."""
    scores = []
    with torch.no_grad():
        for small, large in pairs:
            x = F.pad(torch.tensor(small[None, None], dtype=torch.float32) / 255, (net.reach,) * 4, mode="replicate")
            out = torch.clamp(torch.round(net(x)[0, 0] * 255), 0, 255).numpy()
            scores.append(10 * np.log10(255**2 / np.mean((out - large) ** 2)))
    return float(np.mean(scores))


def write(net, path):
    """float32, little endian: channels, layers, then of every convolution its kernel and bias, last the linear kernel."""
    with torch.no_grad():
        parts = [np.array([net.blocks[0].outputs, len(net.blocks) - 2])]
        for i, block in enumerate(net.blocks):
            last = i == len(net.blocks) - 1
            parts += [block.kernel().numpy(), (net.final_bias() if last else block.bias).numpy()]
        parts.append(net.line().numpy())
    np.concatenate([np.ravel(part) for part in parts]).astype("<f4").tofile(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=2e-3)
    options = parser.parse_args()
    torch.manual_seed(7)
    torch.set_num_threads(1)
    rng = np.random.default_rng(7)
    pairs = load(options.folder + "/pairs.npz")
    # Every ninth picture is kept for measuring.
    held = {factor: pairs[factor][4::9][:8] for factor in MIX}
    pairs = {factor: [pair for i, pair in enumerate(pairs[factor]) if i % 9 != 4] for factor in MIX}
    net = Net(options.channels, options.layers).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), lr=options.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, options.steps, pct_start=0.03, final_div_factor=1e3)
    for step, (x, y) in zip(range(options.steps), batches(pairs, MIX, net.reach, rng)):
        loss = torch.sqrt((net(x) - y) ** 2 + 1e-5).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 1000 == 999 or step == options.steps - 1:
            scores = " ".join("%d: %.2f" % (factor, psnr(net, held[factor])) for factor in MIX)
            print("step %d  loss %.5f  held back, dB by rate factor: %s" % (step + 1, loss.item(), scores), flush=True)
            write(net, options.out)


if __name__ == "__main__":
    main()
