/** How packets are read out of a file. */
import { setImmediate } from "node:timers/promises";
import type { FormatContext, Packet } from "node-av/lib";

/** Milliseconds after which whatever else waits for this thread has its turn. */
const TURN_MS = 50;

let began = performance.now();

/**
 * The next packet, read on the worker's own thread: most come out of a buffer, and a call to another thread takes longer.
 * @returns 0, or FFmpeg's negative error: the end, or damage that cannot be passed.
 */
export async function readPacket(context: FormatContext, packet: Packet): Promise<number> {
  if (performance.now() - began > TURN_MS) {
    await setImmediate();
    began = performance.now();
  }
  return context.readFrameSync(packet);
}
