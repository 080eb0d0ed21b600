/** Parsers of what callers send, each against what must hold whatever they are given. */
import assert from "node:assert/strict";
import { validateHeaderValue } from "node:http";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import fc from "fast-check";
import { ReshootError } from "../../src/errors.ts";
import { parseEndpointId, parseQueuePath } from "../../src/fal/endpoint-path.ts";
import { tokenAllows } from "../../src/fal/jwt.ts";
import { rewriteFalUrl } from "../../src/fal/origin.ts";
import { addressScope } from "../../src/files/address.ts";
import { contentHeaders, normalizeContentType } from "../../src/files/content.ts";
import { parseDataUri } from "../../src/files/data-uri.ts";
import { parseLifecycle } from "../../src/files/expiry.ts";
import { fileExtension, sanitizeFileName } from "../../src/files/file-name.ts";
import { RefusedUrlError, readRemoteUrl } from "../../src/files/guarded-connection.ts";
import { parseRange } from "../../src/files/range.ts";
import { fileIdOf } from "../../src/files/urls.ts";
import { FUZZ_TIMEOUT_MS, fuzz, nasty } from "./fuzz.ts";

const options = { timeout: FUZZ_TIMEOUT_MS };

/** What a parser gives, or undefined when it refuses in its own words; anything else thrown is a defect. */
function accepted<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ReshootError && error.status < 500) return undefined;
    if (error instanceof RefusedUrlError) return undefined;
    throw error;
  }
}

test("Range", options, async () => {
  const text = fc.oneof(
    nasty,
    fc.tuple(nasty, nasty).map(([a, b]) => `bytes=${a}-${b}`),
    fc.tuple(fc.bigInt(), fc.bigInt()).map(([a, b]) => `bytes=${a}-${b}`),
  );
  await fuzz(fc.tuple(text, fc.nat()), ([header, size]) => {
    const range = accepted(() => parseRange(header, size));
    if (!range) return;
    const { start, end } = range;
    assert.ok(Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end < size);
  });
});

test("object lifecycle", options, async () => {
  const json = fc.record(
    {
      expiration_duration_seconds: fc.oneof(fc.double(), nasty),
      initial_acl: fc.oneof(fc.jsonValue(), fc.record({ default: nasty, rules: fc.jsonValue() })),
    },
    { requiredKeys: [] },
  );
  await fuzz(
    fc.oneof(
      nasty,
      json.map((value) => JSON.stringify(value)),
      fc.json(),
    ),
    (value) => {
      const lifecycle = accepted(() => parseLifecycle({ name: "x", value }, { now: 1e12, keepMs: 1000 }));
      if (lifecycle) assert.ok(Number.isSafeInteger(lifecycle.expiresAt) && lifecycle.expiresAt! > 1e12);
    },
  );
});

test("endpoint ids, queue paths and vendor hosts", options, async () => {
  const path = fc
    .array(fc.oneof(nasty, fc.constantFrom("requests", "status", "stream", "cancel", "workflows", "a", "b")), {
      maxLength: 8,
    })
    .map((segments) => segments.join("/"));
  await fuzz(fc.tuple(path, nasty), ([text, other]) => {
    const parsed = parseEndpointId(text);
    if (parsed) {
      assert.ok(!parsed.id.split("/").some((segment) => ["", ".", ".."].includes(segment)));
      assert.deepEqual(parseEndpointId(parsed.id), parsed);
      assert.ok(parsed.id.startsWith(parsed.app));
      assert.ok(tokenAllows([parsed.id], parsed));
      assert.ok(!tokenAllows([""], parsed) && !tokenAllows(["/"], parsed));
    }
    const queued = parseQueuePath(text);
    if (queued?.kind === "request") assert.ok(!queued.requestId.includes("/"));
    for (const headers of [{ host: other }, { host: "fal.run" }, { host: "x", "x-fal-target-url": other }]) {
      assert.equal(typeof rewriteFalUrl({ url: `/${text}`, headers }), "string");
      assert.match(rewriteFalUrl({ url: "/api/fal/proxy", headers }), /^\//);
    }
  });
});

test("data URIs", options, async () => {
  const head = fc.oneof(
    nasty,
    fc.constantFrom("", "video/mp4", ";base64", "text/plain;charset=utf-8;base64", 'a/b; x="y" ; BASE64'),
  );
  const data = fc.oneof(
    nasty,
    fc.base64String(),
    fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  );
  await fuzz(fc.tuple(head, data), async ([before, after]) => {
    const uri = accepted(() => parseDataUri(`data:${before},${after}`, ["body", "x"], { maxBytes: 2000 }));
    if (!uri) return;
    assert.ok(uri.decodedLength <= 2000);
    const bytes = await buffer(uri.open()).catch((error: unknown) => {
      assert.ok(error instanceof ReshootError && error.code === "file_download_error", String(error));
    });
    if (bytes) assert.equal(bytes.length, uri.decodedLength);
  });
});

test("file names and content types become harmless headers", options, async () => {
  await fuzz(fc.tuple(nasty, nasty), ([name, type]) => {
    const fileName = sanitizeFileName(name);
    assert.ok(fileName.length <= 120 && !/[/\\\p{C}]/u.test(fileName) && !fileName.startsWith("."));
    assert.match(fileExtension(name), /^(\.[a-z0-9]{1,8})?$/);
    const access = { default: "allow", rules: [] } as const;
    const file = {
      id: "x",
      accountId: "a",
      requestId: null,
      fileName,
      size: 1,
      sha256: "0",
      state: "ready",
      access,
      createdAt: 0,
      expiresAt: null,
    } as const;
    const headers = contentHeaders({ ...file, contentType: normalizeContentType(type) });
    for (const [key, value] of Object.entries(headers)) validateHeaderValue(key, value);
    assert.doesNotMatch(headers["content-type"]!, /script|css|wasm/);
    const isShown = headers["content-disposition"]!.startsWith("inline");
    assert.ok(!isShown || /^(image|video|audio)\/(?!svg)/.test(headers["content-type"]!));
  });
});

test("remote URLs and addresses", options, async () => {
  const host = fc.oneof(
    nasty,
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.domain(),
  );
  const url = fc.oneof(
    nasty,
    fc.webUrl(),
    host.map((name) => `http://${name}/`),
    fc.tuple(nasty, host).map(([scheme, name]) => `${scheme}://${name}`),
  );
  await fuzz(fc.tuple(url, fc.oneof(nasty, fc.ipV4(), fc.ipV6())), ([text, address]) => {
    const parsed = accepted(() => readRemoteUrl(text));
    if (parsed)
      assert.ok(/^https?:$/.test(parsed.protocol) && parsed.hostname !== "" && !parsed.username && !parsed.password);
    assert.match(addressScope(address), /^(public|private|loopback|blocked)$/);
    const own = fileIdOf(text, ["http://127.0.0.1:1"]);
    if (own) assert.match(own.id, /^[\w-]{22}$/);
  });
});
