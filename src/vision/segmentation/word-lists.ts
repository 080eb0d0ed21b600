/** Words that say which thing is meant. */

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
export const PLACES: readonly (readonly [RegExp, Place])[] = [
  [/\b(left|leftmost)\b/, "left"],
  [/\b(right|rightmost)\b/, "right"],
  [/\b(biggest|largest|big|large|tallest|closest|nearest|in front|foreground)\b/, "biggest"],
  [/\b(smallest|small|tiny|little|farthest|furthest|background|behind)\b/, "smallest"],
  [/\b((at|on|to) the top|on top|top (left|right|most)|topmost|upper|highest)\b/, "top"],
  [/\b((at|on|to) the bottom|bottom (left|right|most)|bottommost|lower|lowest)\b/, "bottom"],
  [/\b(middle|center|centre|central)\b/, "middle"],
];

/** Names of colours. */
export const COLOURS: Readonly<Record<string, Colour>> = {
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

/** Numbers from one on. */
export const NUMBERS = "one two three four five six seven eight nine ten".split(" ");
/** Ordinals from the first on. */
export const ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split(" ");

/** What stands before or after a thing's name without being one. */
export const FILLERS = new Set(
  `the a an this that these those my our his her their its some any all every each both only just whole entire please there here over far
   very most dark light bright remove erase delete find select segment track mask cut get rid take out away video clip scene frame shot picture image side one ones
   front hand left right leftmost rightmost top bottom topmost bottommost upper lower middle center centre central biggest largest big large
   smallest small tiny little closest nearest farthest furthest tallest background foreground highest lowest`
    .split(/\s+/)
    .concat(Object.keys(COLOURS), NUMBERS, ORDINALS),
);
/** After these comes what a thing wears, holds, does or stands by. */
export const LINKS = new Set(
  "in with wearing on at to who that which is are was holding near behind by from under beside next above below of inside dressed without".split(
    " ",
  ),
);
/** "A group of people" is people. */
export const QUANTITIES = new Set(
  "group groups pair pairs couple bunch lot lots number set row herd flock pack team crowd all both each any some most one rid".split(
    " ",
  ),
);

/** These say what is not meant: nothing here tells that from the rest. */
export const EXCEPTIONS =
  /\b(not|no|except|excepting|excluding|exclude|but|besides|unless|keep|other than|apart from|aside from|everything around)\b/;
