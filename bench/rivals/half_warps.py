"""Frames in between by OpenCV: DIS flow (medium) both ways, each neighbour warped half of it, averaged.

Usage: half_warps.py WIDTH HEIGHT < gray frames > gray frames, of which every second one is new.
Prints processor seconds of the work itself on standard error. One thread.
"""
import sys
import time

import cv2
import numpy as np

cv2.setNumThreads(1)
width, height = int(sys.argv[1]), int(sys.argv[2])
frames = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(-1, height, width)
rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)


def warp(frame, flow):
    x, y = columns + 0.5 * flow[..., 0], rows + 0.5 * flow[..., 1]
    return cv2.remap(frame.astype(np.float32), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


started = time.process_time()
for first, second in zip(frames[:-1], frames[1:]):
    forward, backward = dis.calc(first, second, None), dis.calc(second, first, None)
    between = np.clip((warp(first, backward) + warp(second, forward)) / 2, 0, 255).round().astype(np.uint8)
    sys.stdout.buffer.write(first.tobytes() + between.tobytes())
sys.stdout.buffer.write(frames[-1].tobytes())
print(time.process_time() - started, file=sys.stderr)
