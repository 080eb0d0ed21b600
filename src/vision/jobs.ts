/** What the threads of removal and of the search for a moving object can do. */

import { carry } from "./completion/carry.ts";
import { estimate } from "./completion/estimate.ts";
import { finish } from "./completion/finish.ts";
import { invent } from "./completion/invent.ts";
import { layOver } from "./completion/lay-over.ts";
import { markMotion, unmarkMotion } from "./completion/motion.ts";
import { pairMotion } from "./completion/pair-motion.ts";
import { loosen, measureSlack } from "./completion/slack.ts";
import { prepare } from "./frames/prepare.ts";
import { difference } from "./moving-object/difference.ts";
import { beyond } from "./panorama/beyond.ts";
import { panorama } from "./panorama/panorama.ts";
import { alignPair, alignToKey } from "./registration/pair.ts";
import { depart, pack } from "./segmentation/depart.ts";

/** Everything a vision thread can be asked, by name. */
export const jobs = {
  prepare,
  alignPair,
  alignToKey,
  markMotion,
  unmarkMotion,
  estimate,
  measureSlack,
  loosen,
  pairMotion,
  carry,
  layOver,
  invent,
  beyond,
  panorama,
  finish,
  difference,
  depart,
  pack,
};
