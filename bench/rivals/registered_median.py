"""Removal with OpenCV alone, as anybody would script it; `npm run bench -- removal` runs it.

    registered_median.py telea|median SOURCE.yuv MASK.gray WIDTH HEIGHT RESULT.yuv

Planar 8-bit 4:2:0 and 8-bit masks (255: remove) in and out, so that neither decoding nor colour conversion counts.
Prints the seconds it took. `telea`: every frame by itself (cv2.inpaint). `median`: cameras chained by homographies
(corners, Lucas-Kanade, RANSAC), every other frame warped onto the frame (cubic) and the median of what is not masked;
Telea where nothing is left.
"""
import sys
import time

import cv2
import numpy as np

GROW = 9


def read(path, frame_bytes):
    data = np.fromfile(path, np.uint8)
    return data[: len(data) // frame_bytes * frame_bytes].reshape(-1, frame_bytes)


def planes(frame, width, height):
    luma, chroma = width * height, (width // 2) * (height // 2)
    return [
        frame[:luma].reshape(height, width),
        frame[luma : luma + chroma].reshape(height // 2, width // 2),
        frame[luma + chroma :].reshape(height // 2, width // 2),
    ]


def step(before, after, free):
    """Homography from one frame's pixels to the next one's."""
    corners = cv2.goodFeaturesToTrack(before, 800, 0.005, 7, mask=free)
    if corners is None or len(corners) < 8:
        return np.eye(3)
    moved, status, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, None, winSize=(21, 21), maxLevel=4)
    kept = status.ravel() == 1
    if kept.sum() < 8:
        return np.eye(3)
    found, _ = cv2.findHomography(corners[kept], moved[kept], cv2.RANSAC, 1.0)
    return np.eye(3) if found is None else found


def median(frames, holes):
    count = len(frames)
    poses = [np.eye(3)]
    for i in range(1, count):
        free = np.where(holes[i - 1] > 0, 0, 255).astype(np.uint8)
        poses.append(step(frames[i - 1][0], frames[i][0], free) @ poses[-1])
    for i in range(count):
        result = [plane.copy() for plane in frames[i]]
        if not holes[i].any():
            yield result
            continue
        for index, plane in enumerate(frames[i]):
            shrink = 1 if index == 0 else 2
            hole = cv2.resize(holes[i], plane.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
            rows, columns = np.nonzero(hole)
            stack = np.full((count, len(rows)), np.nan, np.float32)
            for other in range(count):
                if other == i:
                    continue
                scale = np.diag([1 / shrink, 1 / shrink, 1])
                pose = scale @ poses[other] @ np.linalg.inv(poses[i]) @ np.linalg.inv(scale)
                flags = cv2.WARP_INVERSE_MAP
                size = plane.shape[::-1]
                warped = cv2.warpPerspective(frames[other][index], pose, size, flags=flags | cv2.INTER_CUBIC)
                masked = cv2.resize(holes[other], size, interpolation=cv2.INTER_NEAREST)
                masked = cv2.warpPerspective(masked, pose, size, flags=flags | cv2.INTER_NEAREST, borderValue=255)
                value = warped[rows, columns].astype(np.float32)
                value[masked[rows, columns] > 0] = np.nan
                stack[other] = value
            seen = ~np.isnan(stack).all(axis=0)
            result[index][rows[seen], columns[seen]] = np.nanmedian(stack[:, seen], axis=0).round()
            rest = np.zeros(plane.shape, np.uint8)
            rest[rows[~seen], columns[~seen]] = 255
            if rest.any():
                result[index] = cv2.inpaint(result[index], rest, 5, cv2.INPAINT_TELEA)
        yield result


def telea(frames, holes):
    for frame, hole in zip(frames, holes):
        yield [
            cv2.inpaint(plane, cv2.resize(hole, plane.shape[::-1], interpolation=cv2.INTER_NEAREST), 5, cv2.INPAINT_TELEA)
            for plane in frame
        ]


def main():
    method, source, mask, width, height, target = sys.argv[1:]
    width, height = int(width), int(height)
    frames = [planes(frame, width, height) for frame in read(source, width * height * 3 // 2)]
    kernel = np.ones((2 * GROW + 1, 2 * GROW + 1), np.uint8)
    masks = read(mask, width * height).reshape(-1, height, width)
    started = time.perf_counter()
    holes = [cv2.dilate((one > 127).astype(np.uint8) * 255, kernel) for one in masks]
    with open(target, "wb") as out:
        for result in (median if method == "median" else telea)(frames, holes):
            for plane in result:
                out.write(plane.tobytes())
    print(time.perf_counter() - started)


main()
