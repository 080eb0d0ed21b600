/** Sound as a file of its own. */
import { avChannelLayoutDefault, type Frame } from "node-av/lib";
import { type AudioChain, createAudioChain, layoutName } from "../filters/audio-chain.ts";
import { createOutput, type SoundContainer } from "../output.ts";
import { createSoundEncoder, type SoundCoding, type SoundEncoder } from "./encoder.ts";

/** A file of sound being written. */
export type SoundFile = {
  /** Appends a frame of any length in any format of the file's rate, whatever its time. */
  write(frame: Frame): Promise<void>;
  /** @returns seconds written. */
  finish(): Promise<number>;
  /** Closes and removes the file. Does nothing after `finish`. */
  abort(): Promise<void>;
};

/**
 * Creates a file of one stream of sound; the same samples give the same bytes.
 * @param path absolute.
 * @throws ReshootError `storage_full`.
 */
export async function createSoundFile(
  path: string,
  container: SoundContainer,
  coding: SoundCoding,
): Promise<SoundFile> {
  const output = await createOutput(path, container);
  let encoder: SoundEncoder | undefined;
  let chain: AudioChain | undefined;
  let open = true;
  const free = (): void => {
    open = false;
    chain?.close();
    encoder?.close();
  };
  const abort = async (): Promise<void> => {
    if (!open) return;
    free();
    await output.abort();
  };
  try {
    encoder = await createSoundEncoder(output, coding);
    await output.start();
    const { write, frameSize, finish } = encoder;
    const layout = layoutName(avChannelLayoutDefault(coding.channels));
    const steps = createAudioChain(
      [1, coding.rate],
      [
        ["aformat", { sample_fmts: coding.samples, channel_layouts: layout }],
        ...(frameSize > 0 ? [["asetnsamples", { n: frameSize, p: 0 }] as const] : []),
      ],
    );
    chain = steps;
    let count = 0;
    return {
      async write(frame) {
        frame.pts = BigInt(count);
        count += frame.nbSamples;
        await steps.feed(frame, write);
      },
      async finish() {
        try {
          await steps.feed(null, write);
          await finish();
          free();
          await output.finish();
          return count / coding.rate;
        } catch (error) {
          await abort();
          throw error;
        }
      },
      abort,
    };
  } catch (error) {
    await abort();
    throw error;
  }
}
