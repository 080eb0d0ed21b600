/** What a few words ask for: classes of things, which of them, and of what colour. */
import { kindsOf, RIDDEN, RIDES } from "./nouns.ts";
import {
  COLOURS,
  type Colour,
  EXCEPTIONS,
  FILLERS,
  LINKS,
  NUMBERS,
  ORDINALS,
  PLACES,
  type Place,
  QUANTITIES,
} from "./word-lists.ts";

/** One thing that is asked for. */
export type Query = {
  /** The words themselves. */
  readonly text: string;
  /** Indices into CLASSES. */
  readonly kinds: readonly number[];
  /** All of them, or the one that fits best. */
  readonly all: boolean;
  /** At most so many, those that fit best. */
  readonly count?: number;
  /** The second, third... that fits, counted from 1. */
  readonly nth?: number;
  /** Each has its say. */
  readonly places: readonly Place[];
  readonly colour?: Colour;
  /** Kinds of what goes with it where it touches it: a cyclist's bicycle. */
  readonly rides: readonly number[];
};

/** Parts of words: by comma, semicolon and "and". */
export function parseWords(text: string): { queries: Query[]; unknown: string[] } {
  const queries: Query[] = [];
  const unknown: string[] = [];
  for (const part of text.toLowerCase().split(/[,;\n]/)) {
    for (const words of conjuncts(part)) {
      const query = parsePart(words);
      if (query) queries.push(query);
      else unknown.push(words.join(" "));
    }
  }
  return { queries, unknown };
}

/** Divides "the man and the dog", but neither "the black and white cat" nor "the man in red and blue". */
function conjuncts(part: string): string[][] {
  const pieces = part
    .replace(/&/g, " and ")
    .replace(/[^a-z0-9\s]/g, " ")
    .split(/\s(?:and|or|plus)\s/)
    .map((piece) => piece.split(/\s+/).filter(Boolean))
    .filter((words) => words.length > 0);
  const out: string[][] = [];
  for (const words of pieces) {
    const last = out.at(-1);
    const startsAnew = /^(the|a|an|all|every|both)$/.test(words[0]!);
    const belongs = last && (names(last) ? !names(words) && !startsAnew : last.every((word) => FILLERS.has(word)));
    if (belongs) last.push("and", ...words);
    else out.push(words);
  }
  return out;
}

/** What a rider rides: by the rider's name, or by what comes after "riding" or "on". */
function ridesOf(noun: string, words: readonly string[]): readonly number[] {
  const at = words.findIndex((word) => word === "riding" || word === "on");
  const named = at < 0 ? [] : words.slice(at + 1).flatMap((word) => kindsOf(word)?.kinds ?? []);
  return [...new Set([...(RIDES.get(noun.replace(/s$/, "")) ?? []), ...named.filter((kind) => RIDDEN.has(kind))])];
}

function names(words: readonly string[]): boolean {
  return words.some((word, i) => kindsOf(word) !== undefined || kindsOf(`${words[i - 1]} ${word}`) !== undefined);
}

function parsePart(words: readonly string[]): Query | undefined {
  const text = words.join(" ");
  const thing = EXCEPTIONS.test(text) ? undefined : nounOf(words);
  if (!thing) return undefined;
  const places = PLACES.filter(([pattern]) => pattern.test(text)).map(([, place]) => place);
  // The name of a fruit is no colour of itself.
  const colour = words.find((word) => Object.hasOwn(COLOURS, word) && word !== thing.noun);
  const number = words.findIndex((word) => NUMBERS.indexOf(word) > 0 || /^[2-9]$/.test(word));
  const count = number >= 0 ? Number(words[number]) || NUMBERS.indexOf(words[number]!) + 1 : undefined;
  const nth = Math.max(...words.map((word) => ORDINALS.indexOf(word))) + 1;
  const all = thing.all || count !== undefined || /\b(all|every|both|each)\b/.test(text);
  return {
    text,
    kinds: thing.kinds,
    all,
    places,
    rides: ridesOf(thing.noun, words),
    ...(count !== undefined && { count }),
    ...(nth > 0 && { nth }),
    ...(colour && { colour: COLOURS[colour]! }),
  };
}

/**
 * The thing that is meant: the last noun before what it wears, does or stands by. A noun that is followed by a word that is
 * none of those only qualifies it: "bus stop" is no bus.
 */
function nounOf(words: readonly string[]): { kinds: readonly number[]; all: boolean; noun: string } | undefined {
  let start = 0;
  let isQuantity = false;
  for (let i = 0; i <= words.length; i++) {
    const word = words[i];
    const isDoing = word !== undefined && /^[a-z]{2,}ing$/.test(word) && !kindsOf(word);
    if (word !== undefined && !LINKS.has(word) && !isDoing) continue;
    const segment = words.slice(start, i);
    start = i + 1;
    const rest = segment.filter((own) => !FILLERS.has(own));
    if (word === "of" && segment.some((own) => QUANTITIES.has(own)) && rest.every((own) => QUANTITIES.has(own))) {
      isQuantity ||= !segment.some((own) => own === "rid" || own === "one" || own === "any");
      continue;
    }
    for (let end = segment.length; end > 0; end--) {
      const two = end > 1 ? segment.slice(end - 2, end).join(" ") : "";
      const found = kindsOf(two) ?? kindsOf(segment[end - 1]!);
      if (found) return { kinds: found.kinds, all: found.plural || isQuantity, noun: segment[end - 1]! };
      if (!FILLERS.has(segment[end - 1]!)) break;
    }
    // "The old walking man" goes on; "the quasar on the table" is no table.
    if (rest.length > 0 && !isDoing) return undefined;
  }
  return undefined;
}

/** Whether what moves by itself is asked for, whatever it is. */
export function asksForMotion(text: string): boolean {
  const words = text.toLowerCase().replace(/[^a-z]+/g, " ");
  return /^ ?(remove |erase |delete )?(the |a |an |any |every |all |all the )?(moving (object|thing|subject|part)s?|(object|thing|subject|what|whatever|anything|everything)s? ?(that |which )?(is |are )?(moves?|moving)) ?$/.test(
    words,
  );
}
