/** Ways of counting that several price rules share. Dollars, seconds and megapixels. */
import type { Price, PriceFacts } from "./endpoint.ts";

/** Ends the rule of a price that no document of the vendor we know of states. */
export const ASSUMED = "The price is our assumption.";

/** A price that never varies. */
export function flat(unitPrice: number, unit: string, rule: string): Price {
  return { unitPrice, unit, units: () => 1, rule };
}

/** A price per second of the main video or audio. One second is assumed before its length is known. */
export function perSecond(unitPrice: number, rule: string): Price {
  return { unitPrice, unit: "second", units: (_, facts) => secondsOf(facts), rule };
}

/** Seconds of the main media, or of all media of a list; 1 before they are known. */
export function secondsOf(facts: PriceFacts): number {
  return tidy(facts.seconds ?? facts.media?.video?.duration ?? facts.media?.duration ?? 1);
}

/** Units without the noise of floating point: at most six decimals. */
export function tidy(units: number): number {
  return Math.round(units * 1e6) / 1e6;
}
