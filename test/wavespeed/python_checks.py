"""Every flow of the official Python client against the server named by the first argument."""

import inspect
import os
import sys
import tempfile
import urllib.request

import wavespeed

origin = sys.argv[1]
wavespeed.config.api.base_url = origin
wavespeed.config.api.api_key = "any"

VOID = "wavespeed-ai/void-video-inpainting/mask"
EDIT = "reshoot/test-owner/edit"


def download(url):
    with urllib.request.urlopen(url) as response:
        return response.read()


def failure(work):
    try:
        work()
    except Exception as error:  # noqa: BLE001 - the versions raise different classes
        return f"{type(error).__name__}: {error}"
    raise AssertionError("it should have failed")


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a clip.mp4")
    with open(path, "wb") as file:
        file.write(b"the clip")
    video = wavespeed.upload(path)
    assert download(video) == b"the clip", video
    with open(path, "rb") as file:
        assert download(wavespeed.upload(file)) == b"the clip"

output = wavespeed.run(VOID, {"video": video, "prompt": "x", "mask_video": video}, poll_interval=0.05)
assert download(output["outputs"][0]) == b"not really a video", output

assert len(wavespeed.run(EDIT, {"prompt": "x"}, enable_sync_mode=True)["outputs"]) == 1

example = {
    "prompt": "A cinematic shot of a city at sunset, soft golden light",
    "video": "https://example.com/your-input.mp4",
    "enable_pass2_refinement": False,
    "negative_prompt": "blurry, low quality, distorted",
    "num_inference_steps": 30,
    "guidance_scale": 1,
    "strength": 1,
    "num_frames": 85,
    "seed": 0,
}
refused = failure(lambda: wavespeed.run(VOID, example))
assert "400" in refused and '"error_code":"1400"' in refused, refused
output = wavespeed.run(VOID, {**example, "mask_video": "https://example.com/m.mp4"}, poll_interval=0.05)
assert len(output["outputs"]) == 1

failed = failure(lambda: wavespeed.run(EDIT, {"prompt": "fail"}, poll_interval=0.05))
assert "task_id: " in failed and "video_url: not a video" in failed, failed

late = failure(lambda: wavespeed.run(EDIT, {"prompt": "slow"}, enable_sync_mode=True))
assert "Sync mode timed out" in late, late

unknown = failure(lambda: wavespeed.run("wavespeed-ai/no-such-model", {}))
assert "404" in unknown, unknown

if hasattr(wavespeed, "run_no_throw"):
    result = wavespeed.run_no_throw(EDIT, {"prompt": "fail"}, poll_interval=0.05)
    outputs = result[0] if isinstance(result, tuple) else result["outputs"]
    assert outputs is None, result

assert inspect.getsourcefile(wavespeed)
print("ok", wavespeed.__version__)
