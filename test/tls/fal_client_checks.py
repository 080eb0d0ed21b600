"""Drives the official fal_client, unmodified, and prints what came of it as JSON: {"<check>": {...} or {"error": ...}}.

Usage: fal_client_checks.py sync|async check,check,... [large file]
Environment: FAL_KEY, and whatever leads the client to the server under test (HTTPS_PROXY or FAL_RUN_HOST, SSL_CERT_FILE).
"""

import asyncio
import hashlib
import inspect
import json
import sys
import time
import traceback

import fal_client
import httpx

APP = "test-owner/edit/fast/turbo"
LARGE = sys.argv[3] if len(sys.argv) > 3 else None
SMALL = b"\x00\x01small bytes\xff" * 100


async def maybe(value):
    """The value of a call of either client."""
    return await value if inspect.isawaitable(value) else value


async def items(iterator):
    """The items of an iterator of either client."""
    if hasattr(iterator, "__aiter__"):
        return [item async for item in iterator]
    return list(iterator)


def fetched(url):
    """Hash and size of what a URL gives to somebody without a key."""
    digest = hashlib.sha256()
    size = 0
    with httpx.stream("GET", url) as response:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            digest.update(chunk)
            size += len(chunk)
        return {"sha256": digest.hexdigest(), "size": size, "type": response.headers["content-type"]}


async def check_run(client):
    result = await maybe(client.run(APP, {"prompt": "run"}))
    return {"result": result, "file": fetched(result["video"]["url"])}


async def check_submit(client):
    handle = await maybe(client.submit(APP, {"prompt": "submit"}))
    while not isinstance(await maybe(handle.status(with_logs=True)), fal_client.Completed):
        await asyncio.sleep(0.02)
    status = await maybe(client.status(APP, handle.request_id, with_logs=True))
    return {
        "status": type(status).__name__,
        "logs": [log["message"] for log in status.logs],
        "metrics": status.metrics,
        "by_handle": await maybe(handle.get()),
        "by_id": await maybe(client.result(APP, handle.request_id)),
        "response_url": handle.response_url,
    }


async def check_subscribe(client):
    seen = []
    enqueued = []
    result = await maybe(
        client.subscribe(
            APP,
            {"prompt": "slow"},
            with_logs=True,
            interval=0.02,
            on_enqueue=enqueued.append,
            on_queue_update=seen.append,
        )
    )
    return {
        "result": result,
        "enqueued": len(enqueued),
        "updates": sorted({type(update).__name__ for update in seen}),
        "logs": [log["message"] for log in seen[-1].logs],
    }


async def check_stream(client):
    return {"events": await items(client.stream(APP, {"prompt": "slow"}))}


async def check_cancel(client):
    handle = await maybe(client.submit(APP, {"prompt": "forever"}))
    while not isinstance(await maybe(handle.status()), fal_client.InProgress):
        await asyncio.sleep(0.02)
    await maybe(handle.cancel())
    begun = time.monotonic()
    try:
        await maybe(handle.get(interval=0.02))
    except fal_client.FalClientHTTPError as error:
        return {"status": error.status_code, "error_type": error.error_type, "seconds": time.monotonic() - begun}
    raise AssertionError("a cancelled request gave a result")


async def check_invalid(client):
    try:
        await maybe(client.run(APP, {"prompt": 5}))
    except fal_client.FalClientHTTPError as error:
        return {"status": error.status_code, "detail": error.response.json()["detail"]}
    raise AssertionError("an invalid input was accepted")


async def check_upload(client):
    url = await maybe(client.upload(SMALL, "application/x-test", "small.bin"))
    return {"url": url, "sent": hashlib.sha256(SMALL).hexdigest(), "size_sent": len(SMALL), **fetched(url)}


async def check_upload_fallback(client):
    url = await maybe(client.upload(SMALL, "application/x-test", "small.bin", repository="fal"))
    return {"url": url, "sent": hashlib.sha256(SMALL).hexdigest(), "size_sent": len(SMALL), **fetched(url)}


async def check_upload_file(client):
    url = await maybe(client.upload_file(__file__))
    with open(__file__, "rb") as file:
        sent = file.read()
    return {"url": url, "sent": hashlib.sha256(sent).hexdigest(), "size_sent": len(sent), **fetched(url)}


async def check_upload_large(client):
    url = await maybe(client.upload_file(LARGE))
    with open(LARGE, "rb") as file:
        sent = digest_of(file)
        size = file.tell()
    return {"url": url, "sent": sent, "size_sent": size, **fetched(url)}


async def check_upload_large_bytes(client):
    with open(LARGE, "rb") as file:
        data = file.read()
    url = await maybe(client.upload(data, "video/mp4", "large.mp4"))
    return {"url": url, "sent": hashlib.sha256(data).hexdigest(), "size_sent": len(data), **fetched(url)}


def digest_of(file):
    """SHA-256 of an open file."""
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


async def check_input_upload(client):
    url = await maybe(client.upload(SMALL, "application/x-test", "small.bin"))
    return await maybe(client.run(APP, {"prompt": "input", "video_url": url}))


async def main():
    client = fal_client.SyncClient() if sys.argv[1] == "sync" else fal_client.AsyncClient()
    results = {}
    for name in sys.argv[2].split(","):
        try:
            results[name] = await globals()[f"check_{name}"](client)
        except Exception:
            results[name] = {"error": traceback.format_exc()}
    json.dump(results, sys.stdout)


asyncio.run(main())
