/** Short tunes of our own making, as 16-bit WAV. */

const RATE = 44_100;

/** A tune: semitones above A4 (440 Hz), one a step; null is silence. */
export type Tune = {
  readonly notes: readonly (number | null)[];
  /** Seconds a step lasts. */
  readonly step: number;
  /** Seconds in which a note falls to 1/e. */
  readonly decay: number;
};

/** What examples lay over videos. */
export const MELODY: Tune = {
  notes: [-9, -5, -2, 3, 2, -2, -5, -2, -9, -7, -5, -2, 0, -2, -5, null],
  step: 0.2,
  decay: 0.25,
};
/** A lower one, to mix with it. */
export const BASS: Tune = { notes: [-33, null, -33, -26, -28, null, -28, -26], step: 0.4, decay: 0.5 };

/** The tune as the bytes of a mono WAV file. */
export function renderWav({ notes, step, decay }: Tune): Buffer {
  const samples = Math.round(notes.length * step * RATE);
  const wave = new Float32Array(samples);
  for (const [index, note] of notes.entries()) {
    if (note === null) continue;
    const frequency = 440 * 2 ** (note / 12);
    const start = Math.round(index * step * RATE);
    for (let at = start; at < samples; at++) {
      const t = (at - start) / RATE;
      if (t > 6 * decay) break;
      const phase = 2 * Math.PI * frequency * t;
      const envelope = Math.min(1, t / 0.006) * Math.exp(-t / decay);
      wave[at]! += 0.22 * envelope * (Math.sin(phase) + 0.35 * Math.sin(2 * phase) + 0.12 * Math.sin(3 * phase));
    }
  }
  const file = Buffer.alloc(44 + samples * 2);
  file.write("RIFF", 0, "latin1");
  file.writeUInt32LE(36 + samples * 2, 4);
  file.write("WAVEfmt ", 8, "latin1");
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36, "latin1");
  file.writeUInt32LE(samples * 2, 40);
  for (const [at, value] of wave.entries()) {
    file.writeInt16LE(Math.round(32767 * Math.max(-1, Math.min(1, value))), 44 + at * 2);
  }
  return file;
}
