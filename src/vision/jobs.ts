/** What the threads of removal and of the search for a moving object can do. */
import { beyond } from "./completion/beyond.ts";
import { estimate } from "./completion/estimate.ts";
import { finish } from "./completion/finish.ts";
import { invent } from "./completion/invent.ts";
import { prepare } from "./frames/prepare.ts";
import { difference } from "./moving-object/difference.ts";
import { alignPair, alignToKey } from "./registration/pair.ts";

/** Everything a vision thread can be asked, by name. */
export const jobs = { prepare, alignPair, alignToKey, estimate, invent, beyond, finish, difference };
