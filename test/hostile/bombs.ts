/** Small files that ask for much: memory, time, other files, other servers. */
import { gzipSync } from "node:zlib";
import { greyPng } from "../png.ts";
import { blackPng, box, element, le16, le32, matroska, movie, riff, u16, u32, wave, yuv4mpeg } from "./boxes.ts";

/** A hostile file. */
export type Bomb = {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
  /** It can be used for nothing: whoever accepts it has been fooled. */
  readonly refused: boolean;
};

/** The picture of all movies that do not need another. */
export const PICTURE = greyPng(16, 16, (x, y) => x * y);
const GIANT = blackPng(20_000, 20_000);

/**
 * All bombs.
 * @param lures what scripts and references point to: a playable file of this machine, one that holds
 *   {@link PICTURE}, and a server of this machine.
 */
export function bombs(lures: {
  readonly file: string;
  readonly picture: string;
  readonly url: string;
}): readonly Bomb[] {
  const bad = (name: string, type: string, bytes: Buffer | string): Bomb => ({
    name,
    type,
    bytes: Buffer.from(bytes as string, "latin1"),
    refused: true,
  });
  const odd = (name: string, type: string, bytes: Buffer): Bomb => ({ name, type, bytes, refused: false });
  const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://${lures.file}\n#EXTINF:9,\n${lures.url}/hls.ts\n#EXT-X-ENDLIST\n`;
  const mpd = `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${lures.url}/dash.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`;
  const svg = `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file://${lures.file}">]><svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"><image href="${lures.url}/svg.png"/><text>&x;</text></svg>`;
  const sdp = `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${new URL(lures.url).port} RTP/AVP 96\na=rtpmap:96 H264/90000\n`;
  return [
    // Scripts and documents, by their own names and in disguise.
    bad("playlist", "application/vnd.apple.mpegurl", playlist),
    bad("playlist.mp4", "video/mp4", playlist),
    bad("playlist.avi", "video/x-msvideo", playlist),
    bad("playlist.ts", "video/mp2t", Buffer.concat([Buffer.from("G".padEnd(188, "\0")), Buffer.from(playlist)])),
    bad("playlist behind ftyp.mp4", "video/mp4", Buffer.concat([box("ftyp", ["isom"]), Buffer.from(playlist)])),
    bad("playlist as subtitles.avi", "video/x-msvideo", subtitledAvi(playlist)),
    bad("concat.txt", "text/plain", `ffconcat version 1.0\nfile '${lures.file}'\n`),
    bad("concat.mp4", "video/mp4", `ffconcat version 1.0\nfile '${lures.url}/concat.mp4'\nduration 1\n`),
    bad("dash.mpd", "application/dash+xml", mpd),
    bad("session.sdp", "application/sdp", sdp),
    bad("picture.svg", "image/svg+xml", svg),
    bad("picture.svg as png", "image/png", svg),
    bad("text.mp4", "video/mp4", "The quick brown fox\n".repeat(100)),
    bad("page.html", "text/html", `<video src="${lures.url}/page.mp4"></video>`),
    bad("movie.mp4.gz", "application/gzip", gzipSync(movie({ picture: PICTURE, samples: 4 }))),
    bad("zeros.gz as mp4", "video/mp4", gzipSync(Buffer.alloc(10_000_000))),
    bad(
      "archive.zip",
      "application/zip",
      Buffer.concat([Buffer.from("PK\x03\x04\x14\0\0\0\x08\0", "latin1"), Buffer.alloc(60, 7)]),
    ),
    bad(
      "document.pdf",
      "application/pdf",
      "%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/URI/URI(file:///)>>>>endobj\n%%EOF",
    ),
    bad("script", "text/plain", `#!/bin/sh\ntouch ${lures.file}.owned\n`),
    bad("one byte", "video/mp4", "\0"),
    bad("empty", "video/mp4", ""),
    // Samples that lie elsewhere.
    bad(
      "reference to a file.mov",
      "video/quicktime",
      movie({ picture: PICTURE, samples: 4, reference: lures.picture }),
    ),
    bad(
      "reference to a server.mov",
      "video/quicktime",
      movie({ picture: PICTURE, samples: 4, reference: `${lures.url}/dref.mov` }),
    ),
    // Sizes.
    bad("20000x20000.png", "image/png", GIANT),
    bad("2147483647x2147483647.png", "image/png", giantHeader()),
    bad(
      "65500x65500.jpg",
      "image/jpeg",
      Buffer.concat([u16(0xffd8, 0xffc0, 17), Buffer.from([8]), u16(65_500, 65_500), Buffer.alloc(40, 1)]),
    ),
    bad(
      "65535x65535.gif",
      "image/gif",
      Buffer.concat([
        Buffer.from("GIF89a", "latin1"),
        le16(65_535, 65_535),
        Buffer.from([0x80, 0, 0, 0, 0, 0, 1, 1, 1, 0x2c]),
        le16(0, 0, 65_535, 65_535),
        Buffer.from([0, 2, 2, 0x4c, 1, 0, 0x3b]),
      ]),
    ),
    bad(
      "16384x16384.webp",
      "image/webp",
      riff("RIFF", [
        "WEBP",
        riff("VP8X", [Buffer.from([0, 0, 0, 0, 0xff, 0x3f, 0, 0xff, 0x3f, 0])]),
        riff("VP8 ", [Buffer.alloc(30)]),
      ]),
    ),
    bad("65535x65535.y4m", "video/x-yuv4mpeg", yuv4mpeg({ width: 65_535, height: 65_535, frames: 0 })),
    odd(
      "16x16 said to be 60000x60000.mov",
      "video/quicktime",
      movie({ picture: PICTURE, samples: 2, width: 60_000, height: 60_000 }),
    ),
    bad("20000x20000 said to be 16x16.mov", "video/quicktime", movie({ picture: GIANT, samples: 1 })),
    // Times.
    odd(
      "1x1 at a million pictures a second.mov",
      "video/quicktime",
      movie({ picture: greyPng(1, 1, () => 9), samples: 1000, width: 1, height: 1, timescale: 1_000_000 }),
    ),
    odd(
      "1x1 at a million pictures a second.y4m",
      "video/x-yuv4mpeg",
      yuv4mpeg({ width: 1, height: 1, rate: "1000000:1", frames: 1000 }),
    ),
    odd("16000 pictures.y4m", "video/x-yuv4mpeg", yuv4mpeg({ width: 1, height: 1, rate: "100000:1", frames: 16_000 })),
    bad("a day.mov", "video/quicktime", movie({ picture: PICTURE, samples: 2, timescale: 1, delta: 43_200 })),
    odd(
      "a day in the header alone.mov",
      "video/quicktime",
      movie({ picture: PICTURE, samples: 2, duration: 25 * 86_400 }),
    ),
    bad("a day.y4m", "video/x-yuv4mpeg", yuv4mpeg({ width: 2, height: 2, rate: "1:43200", frames: 2 })),
    odd("no ticks a second.mov", "video/quicktime", movie({ picture: PICTURE, samples: 2, timescale: 0 })),
    odd("pictures without length.mov", "video/quicktime", movie({ picture: PICTURE, samples: 3, delta: 0 })),
    odd(
      "lengths of 2^31.mov",
      "video/quicktime",
      movie({ picture: PICTURE, samples: 3, delta: 2 ** 31, timescale: 2 ** 31 }),
    ),
    // Counts.
    odd(
      "4294967295 pictures in the table alone.mov",
      "video/quicktime",
      movie({ picture: PICTURE, samples: 2, claimedSamples: 0xffff_ffff }),
    ),
    odd("moov of 4 GB.mov", "video/quicktime", movie({ picture: PICTURE, samples: 2, moovSize: 0xffff_ffff })),
    bad(
      "moov of 8 EB.mov",
      "video/quicktime",
      Buffer.concat([box("ftyp", ["isom"]), box("moov", [u32(0x7fff_ffff, 0xffff_fff0)], 1)]),
    ),
    bad("boxes in boxes.mov", "video/quicktime", nested(5000)),
    bad(
      "endless mdat.mp4",
      "video/mp4",
      Buffer.concat([box("ftyp", ["isom"]), box("mdat", [Buffer.alloc(100_000, 3)], 0)]),
    ),
    bad(
      "10000 streams.mkv",
      "video/x-matroska",
      matroska(element(0x1654ae6b, Buffer.concat(Array.from({ length: 10_000 }, (_, i) => matroskaTrack(i))))),
    ),
    bad("elements in elements.mkv", "video/x-matroska", matroska(nestedElements(2000))),
    bad("element of 2^56.mkv", "video/x-matroska", matroska(element(0x1549a966, "", (1n << 56n) - 2n))),
    bad("endless transport stream.ts", "video/mp2t", transportStream(2000)),
    // Sound.
    odd("a day.wav", "audio/wav", wave({ claimedBytes: 0xffff_fff0 })),
    odd("65535 channels.wav", "audio/wav", wave({ channels: 65_535 })),
    odd("4 GHz.wav", "audio/wav", wave({ rate: 0xffff_ffff })),
    odd("no rate.wav", "audio/wav", wave({ rate: 0 })),
    bad(
      "ID3 of 256 MB.mp3",
      "audio/mpeg",
      Buffer.concat([Buffer.from("ID3\x04\0\0\x7f\x7f\x7f\x7f", "latin1"), Buffer.alloc(2000, 1)]),
    ),
    bad(
      "metadata of 16 MB.flac",
      "audio/flac",
      Buffer.concat([Buffer.from("fLaC", "latin1"), u32(0x84ff_ffff), Buffer.alloc(500)]),
    ),
    bad("pages of one stream.ogg", "audio/ogg", Buffer.concat(Array.from({ length: 2000 }, (_, i) => oggPage(i)))),
  ];
}

/** A PNG header alone. */
function giantHeader(): Buffer {
  const bytes = Buffer.from(PICTURE);
  bytes.writeUInt32BE(0x7fff_ffff, 16);
  bytes.writeUInt32BE(0x7fff_ffff, 20);
  return bytes;
}

/** AVI whose one stream is text with a playlist where subtitles are expected ("GAB2" chunks are opened as files of their own). */
function subtitledAvi(text: string): Buffer {
  const gab2 = Buffer.concat([
    Buffer.from("GAB2\0", "latin1"),
    le16(2),
    le32(2),
    le16(0x41),
    le16(4),
    le32(text.length),
    Buffer.from(text),
  ]);
  const header = riff("avih", [le32(40_000, 0, 0, 0x10, 1, 0, 1, 0, 16, 16, 0, 0, 0, 0)]);
  const stream = riff("strh", ["txts", le32(0, 0, 0, 0, 1, 25, 0, 1, gab2.length, 0, 0), le16(0, 0, 16, 16)]);
  const list = riff("LIST", ["hdrl", header, riff("LIST", ["strl", stream, riff("strf", [Buffer.alloc(40)])])]);
  return riff("RIFF", ["AVI ", list, riff("LIST", ["movi", riff("00tx", [gab2])])]);
}

function nested(depth: number): Buffer {
  let bytes = box("moov", []);
  for (let i = 0; i < depth; i++) bytes = box(i % 2 ? "moov" : "trak", [bytes]);
  return Buffer.concat([box("ftyp", ["isom"]), bytes]);
}

function nestedElements(depth: number): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let i = 0; i < depth; i++) bytes = element(0xb6, bytes);
  return element(0x1043a770, bytes);
}

function matroskaTrack(index: number): Buffer {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(index + 1);
  const facts = [
    element(0xd7, number),
    element(0x73c5, number),
    element(0x83, Buffer.from([1])),
    element(0x86, "V_MJPEG"),
  ];
  return element(0xae, Buffer.concat(facts));
}

/** Packets that only ever announce programmes. */
function transportStream(packets: number): Buffer {
  const bytes = Buffer.alloc(188 * packets, 0xff);
  for (let i = 0; i < packets; i++) bytes.set([0x47, 0x40, i % 32, 0x10 | (i % 16), 0, 0, 0xb0, 0xb1], i * 188);
  return bytes;
}

function oggPage(serial: number): Buffer {
  const body = Buffer.from("\x01vorbis".padEnd(30, "\0"), "latin1");
  return Buffer.concat([
    Buffer.from("OggS\0\x02", "latin1"),
    Buffer.alloc(8),
    le32(serial, 0, 0),
    Buffer.from([1, body.length]),
    body,
  ]);
}
