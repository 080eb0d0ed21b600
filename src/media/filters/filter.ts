/** Filters as data: each by name with named options, both from an allow-list, so that no text ever becomes a filter graph. */

/** What an option's value looks like. None may hold a colon, quote, backslash, bracket, comma or semicolon. */
const NUMBER = /^-?\d+(\.\d+)?$/;
const RATIO = /^\d+\/\d+$/;
const WORD = /^[a-z][a-z0-9]*$/;
/** A mask of speakers, or a number of channels. */
const LAYOUT = /^(0x[0-9a-f]+|\d+c)$/;

/** Every filter in use, with the options that it may be given. */
const ALLOWED = {
  abuffer: { time_base: RATIO, sample_rate: NUMBER, sample_fmt: WORD, channel_layout: LAYOUT },
  abuffersink: {},
  aformat: { sample_fmts: WORD, channel_layouts: LAYOUT },
  aresample: { sample_rate: NUMBER, async: NUMBER },
  asetnsamples: { n: NUMBER, p: NUMBER },
  atrim: { start: NUMBER },
  loudnorm: {
    I: NUMBER,
    TP: NUMBER,
    LRA: NUMBER,
    offset: NUMBER,
    linear: NUMBER,
    dual_mono: NUMBER,
  },
} as const satisfies Record<string, Readonly<Record<string, RegExp>>>;

/** A filter that may be used. */
export type FilterName = keyof typeof ALLOWED;

/** One filter of a chain. Numbers are written out with up to nine decimals. */
export type FilterStep<Name extends FilterName = FilterName> = {
  [Filter in Name]: readonly [Filter, Readonly<Partial<Record<keyof (typeof ALLOWED)[Filter], string | number>>>];
}[Name];

/**
 * A filter's options in FFmpeg's notation.
 * @throws TypeError for a filter, option or value that is not allowed.
 */
export function filterOptions([name, options]: FilterStep): string {
  const allowed: Readonly<Record<string, RegExp>> | undefined = Object.hasOwn(ALLOWED, name)
    ? ALLOWED[name]
    : undefined;
  if (!allowed) throw new TypeError(`the filter ${name} is not allowed`);
  return Object.entries(options)
    .map(([key, value]) => {
      const text = typeof value === "number" ? plain(value) : String(value);
      const pattern = Object.hasOwn(allowed, key) ? allowed[key] : undefined;
      if (!pattern?.test(text)) throw new TypeError(`the filter ${name} may not be given ${key}=${text}`);
      return `${key}=${text}`;
    })
    .join(":");
}

/** Without exponent, which the patterns do not know. */
function plain(value: number): string {
  return Number.isInteger(value) ? value.toFixed(0) : value.toFixed(9);
}
