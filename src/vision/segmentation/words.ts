/** What a few words ask for: classes of things, which of them, and of what colour. */
import { CLASSES } from "./detect.ts";

/** One thing that is asked for. */
export type Query = {
  /** The words themselves. */
  readonly text: string;
  /** Indices into {@link CLASSES}. */
  readonly kinds: readonly number[];
  /** All of them, or the one that fits best. */
  readonly all: boolean;
  readonly place?: Place;
  readonly colour?: Colour;
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

const PEOPLE =
  "person people human humans man men woman women boy boys girl girls child children kid kids guy guys lady ladies player players runner runners dancer dancers pedestrian pedestrians cyclist cyclists rider riders skater skaters skateboarder surfer surfers skier skiers snowboarder walker walkers worker workers actor actors singer speaker driver baby toddler couple crowd family bartender juggler athlete athletes bystander bystanders passenger tourist tourists someone anybody everybody everyone";

/** Other words for classes. */
const SYNONYMS: Readonly<Record<string, string>> = {
  bike: "bicycle",
  cycle: "bicycle",
  automobile: "car",
  vehicle: "car,bus,truck,motorcycle",
  taxi: "car",
  van: "car",
  suv: "car",
  motorbike: "motorcycle",
  scooter: "motorcycle",
  plane: "airplane",
  aeroplane: "airplane",
  jet: "airplane",
  lorry: "truck",
  pickup: "truck",
  ship: "boat",
  sailboat: "boat",
  puppy: "dog",
  kitten: "cat",
  pony: "horse",
  lamb: "sheep",
  bull: "cow",
  calf: "cow",
  animal: "bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe",
  rucksack: "backpack",
  bag: "backpack,handbag,suitcase",
  purse: "handbag",
  ball: "sports ball",
  football: "sports ball",
  basketball: "sports ball",
  volleyball: "sports ball",
  "tennis ball": "sports ball",
  racket: "tennis racket",
  racquet: "tennis racket",
  "tennis racquet": "tennis racket",
  bat: "baseball bat",
  glass: "cup,wine glass",
  drink: "cup,wine glass,bottle",
  mug: "cup",
  sofa: "couch",
  armchair: "chair",
  plant: "potted plant",
  table: "dining table",
  television: "tv",
  screen: "tv,laptop",
  monitor: "tv",
  computer: "laptop",
  phone: "cell phone",
  smartphone: "cell phone",
  "mobile phone": "cell phone",
  fridge: "refrigerator",
  teddy: "teddy bear",
  doughnut: "donut",
  hydrant: "fire hydrant",
};

const IRREGULAR: Readonly<Record<string, string>> = {
  knives: "knife",
  buses: "bus",
  benches: "bench",
  sheep: "sheep",
  couches: "couch",
  sandwiches: "sandwich",
  toothbrushes: "toothbrush",
  glasses: "glass",
  puppies: "puppy",
  lorries: "lorry",
  ponies: "pony",
  calves: "calf",
};

const PLURAL_PEOPLE =
  /^(people|humans|men|women|boys|girls|children|kids|guys|ladies|couple|crowd|family|everybody|everyone|anybody|.*s)$/;

const PLACES: readonly (readonly [RegExp, Place])[] = [
  [/\b(left\s*most|on the (far )?left|to the left|at the left|left)\b/, "left"],
  [/\b(right\s*most|on the (far )?right|to the right|at the right|right)\b/, "right"],
  [/\b(biggest|largest|big|large|closest|nearest|in front|in the foreground|foreground)\b/, "biggest"],
  [/\b(smallest|small|little|farthest|furthest|in the background|background|behind)\b/, "smallest"],
  [/\b(at the top|top|upper)\b/, "top"],
  [/\b(at the bottom|bottom|lower)\b/, "bottom"],
  [/\b(in the (middle|center|centre)|middle|center|centre)\b/, "middle"],
];

const COLOURS: readonly Colour[] = [
  "red",
  "orange",
  "yellow",
  "green",
  "blue",
  "purple",
  "pink",
  "brown",
  "white",
  "black",
  "grey",
];

/** Parts of words, by comma, "and" or semicolon; a colour's own "and" is not one. */
export function parseWords(text: string): { queries: Query[]; unknown: string[] } {
  const queries: Query[] = [];
  const unknown: string[] = [];
  for (const part of text.toLowerCase().split(/[,;]|\s+and\s+(?=the\s|a\s|an\s|all\s)/)) {
    const words = part
      .replace(/[^a-z\s]/g, " ")
      .replace(/\s+/g, " ")
      .trim();
    if (words === "") continue;
    const query = parsePart(words);
    if (query) queries.push(query);
    else unknown.push(words);
  }
  return { queries, unknown };
}

function parsePart(text: string): Query | undefined {
  const words = text.split(" ");
  // The thing is named before what it wears, holds or stands by.
  const until = words.findIndex(
    (word, i) =>
      i > 0 && /^(in|with|wearing|on|at|who|that|holding|near|behind|by|walking|standing|sitting|riding)$/.test(word),
  );
  const head = until > 0 ? words.slice(0, until) : words;
  for (const scope of until > 0 ? [head, words] : [head]) {
    for (let i = scope.length - 1; i >= 0; i--) {
      for (const length of [2, 1]) {
        if (i - length + 1 < 0) continue;
        const own = scope.slice(i - length + 1, i + 1).join(" ");
        const found = kindsOf(own);
        if (!found) continue;
        const place = PLACES.find(([pattern]) => pattern.test(text))?.[1];
        const colour = COLOURS.find((name) => new RegExp(`\\b${name === "grey" ? "gr[ae]y" : name}\\b`).test(text));
        const all = found.plural || /\b(all|every|both)\b/.test(text);
        return { text, kinds: found.kinds, all, ...(place && { place }), ...(colour && { colour }) };
      }
    }
  }
  return undefined;
}

function kindsOf(word: string): { kinds: readonly number[]; plural: boolean } | undefined {
  if (PEOPLE.split(" ").includes(word)) return { kinds: [0], plural: PLURAL_PEOPLE.test(word) };
  const forms: [string, boolean][] = [[word, false]];
  if (Object.hasOwn(IRREGULAR, word)) forms.push([IRREGULAR[word]!, word !== "sheep"]);
  if (word.endsWith("s")) forms.push([word.slice(0, -1), true]);
  if (word.endsWith("es")) forms.push([word.slice(0, -2), true]);
  for (const [form, plural] of forms) {
    const names = (Object.hasOwn(SYNONYMS, form) ? SYNONYMS[form]! : form).split(",");
    const kinds = names.map((name) => CLASSES.indexOf(name)).filter((kind) => kind >= 0);
    if (kinds.length > 0) return { kinds, plural };
  }
  return undefined;
}
