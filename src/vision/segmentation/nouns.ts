/** Names of things that the detector knows: classes, synonyms, plurals. */
import { CLASSES } from "./detect.ts";

/** One of them, by words of English. */
const PERSON = new Set(
  "person human man woman boy girl child kid guy lady gentleman player runner dancer pedestrian cyclist motorcyclist rider biker skater skateboarder surfer skier snowboarder walker worker actor actress singer speaker driver baby toddler bartender juggler athlete bystander passenger tourist someone somebody anyone anybody waiter waitress chef cook swimmer climber hiker jogger golfer goalkeeper referee policeman policewoman officer soldier teacher student presenter reporter host musician guitarist drummer model".split(
    " ",
  ),
);

/** All of them. */
const PEOPLE = new Set(
  "people men women children humans everyone everybody couple crowd family audience gentlemen ladies babies families team policemen policewomen".split(
    " ",
  ),
);

/** Other words for classes. */
const SYNONYMS: Readonly<Record<string, string>> = {
  bike: "bicycle",
  cycle: "bicycle",
  bmx: "bicycle",
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
  "remote control": "remote",
  "hair dryer": "hair drier",
  hairdryer: "hair drier",
  cab: "car",
};

/** Plurals that rules do not find. */
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

const kindsNamed = (names: string): number[] => names.split(",").map((name) => CLASSES.indexOf(name));

/** What people are on: indices into {@link CLASSES}. */
export const RIDDEN: ReadonlySet<number> = new Set(
  kindsNamed("bicycle,motorcycle,horse,skis,snowboard,skateboard,surfboard"),
);

/** What those who are named by it ride: whoever has the cyclist removed wants no bicycle left. */
export const RIDES: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries({
    cyclist: "bicycle",
    biker: "bicycle,motorcycle",
    motorcyclist: "motorcycle",
    rider: "bicycle,motorcycle,horse",
    skater: "skateboard",
    skateboarder: "skateboard",
    surfer: "surfboard",
    skier: "skis",
    snowboarder: "snowboard",
  }).map(([name, ridden]) => [name, kindsNamed(ridden)]),
);

/** What a noun of one or two words, in lower case, means: indices into {@link CLASSES}. Undefined for what the detector does not know. */
export function kindsOf(noun: string): { readonly kinds: readonly number[]; readonly plural: boolean } | undefined {
  if (PERSON.has(noun)) return { kinds: [0], plural: false };
  if (PEOPLE.has(noun) || (noun.endsWith("s") && PERSON.has(noun.slice(0, -1)))) return { kinds: [0], plural: true };
  const forms: [string, boolean][] = [[noun, false]];
  if (Object.hasOwn(IRREGULAR, noun)) forms.push([IRREGULAR[noun]!, noun !== "sheep"]);
  if (noun.endsWith("s")) forms.push([noun.slice(0, -1), true]);
  if (noun.endsWith("es")) forms.push([noun.slice(0, -2), true]);
  for (const [form, plural] of forms) {
    const names = (Object.hasOwn(SYNONYMS, form) ? SYNONYMS[form]! : form).split(",");
    const kinds = names.map((name) => CLASSES.indexOf(name)).filter((kind) => kind >= 0);
    if (kinds.length > 0) return { kinds, plural };
  }
  return undefined;
}
