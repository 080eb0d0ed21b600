/** What a few words ask for: classes of things, which of them, and of what colour. */
import { kindsOf, RIDDEN, RIDES } from "./nouns.ts";

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

/** Which of several: by where they are, or by their size. */
export type Place = "left" | "right" | "top" | "bottom" | "middle" | "biggest" | "smallest";

/** Colours that can be told. */
export type Colour =
  | "red"
  | "orange"
  | "yellow"
  | "green"
  | "blue"
  | "purple"
  | "pink"
  | "brown"
  | "white"
  | "black"
  | "grey";

/** "Top" alone is as often something to wear. */
const PLACES: readonly (readonly [RegExp, Place])[] = [
  [/\b(left|leftmost)\b/, "left"],
  [/\b(right|rightmost)\b/, "right"],
  [/\b(biggest|largest|big|large|tallest|closest|nearest|in front|foreground)\b/, "biggest"],
  [/\b(smallest|small|tiny|little|farthest|furthest|background|behind)\b/, "smallest"],
  [/\b((at|on|to) the top|on top|top (left|right|most)|topmost|upper|highest)\b/, "top"],
  [/\b((at|on|to) the bottom|bottom (left|right|most)|bottommost|lower|lowest)\b/, "bottom"],
  [/\b(middle|center|centre|central)\b/, "middle"],
];

const COLOURS: Readonly<Record<string, Colour>> = {
  red: "red",
  crimson: "red",
  scarlet: "red",
  orange: "orange",
  yellow: "yellow",
  gold: "yellow",
  golden: "yellow",
  green: "green",
  blue: "blue",
  navy: "blue",
  purple: "purple",
  violet: "purple",
  pink: "pink",
  magenta: "pink",
  brown: "brown",
  beige: "brown",
  white: "white",
  black: "black",
  grey: "grey",
  gray: "grey",
  silver: "grey",
};

const NUMBERS = "one two three four five six seven eight nine ten".split(" ");
const ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split(" ");

/** What stands before or after a thing's name without being one. */
const FILLERS = new Set(
  `the a an this that these those my our his her their its some any all every each both only just whole entire please there here over far
   very most dark light bright remove erase delete find select segment track mask cut get rid take out away video clip scene frame shot picture image side one ones
   front hand left right leftmost rightmost top bottom topmost bottommost upper lower middle center centre central biggest largest big large
   smallest small tiny little closest nearest farthest furthest tallest background foreground highest lowest`
    .split(/\s+/)
    .concat(Object.keys(COLOURS), NUMBERS, ORDINALS),
);
/** After these comes what a thing wears, holds, does or stands by. */
const LINKS = new Set(
  "in with wearing on at to who that which is are was holding near behind by from under beside next above below of inside dressed without".split(
    " ",
  ),
);
/** "A group of people" is people. */
const QUANTITIES = new Set(
  "group groups pair pairs couple bunch lot lots number set row herd flock pack team crowd all both each any some most one rid".split(
    " ",
  ),
);

/** These say what is not meant: nothing here tells that from the rest. */
const EXCEPTIONS =
  /\b(not|no|except|excepting|excluding|exclude|but|besides|unless|keep|other than|apart from|aside from|everything around)\b/;

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
