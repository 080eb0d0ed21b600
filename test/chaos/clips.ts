/** The smallest media that real requests can be made of. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderSceneFiles } from "../../src/samples/render.ts";

/** Bytes of a video, its quadmask and a sound. */
export type Clips = { readonly video: Uint8Array; readonly mask: Uint8Array; readonly audio: Uint8Array };

/** Renders a scene and a tone for it. @param frames 10 are worked on in a blink */
export async function makeClips(frames = 10, width = 64, height = 48): Promise<Clips> {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-clips-"));
  try {
    const scene = { width, height, frames, shake: 0, pan: 4, noise: 1, seed: 5 };
    const { source, mask } = await renderSceneFiles(scene, folder);
    return { video: await readFile(source), mask: await readFile(mask), audio: tone(0.3) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** 440 Hz as a WAV file of 16-bit mono at 8 kHz. */
function tone(seconds: number): Uint8Array {
  const rate = 8000;
  const count = Math.round(seconds * rate);
  const wav = Buffer.alloc(44 + count * 2);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + count * 2, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(count * 2, 40);
  for (let i = 0; i < count; i++) {
    wav.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / rate)), 44 + i * 2);
  }
  return wav;
}
