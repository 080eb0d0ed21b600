/** What the threads of upscaling can do. */
import { double } from "./double.ts";
import { fuse } from "./fuse.ts";
import { findMotion, prepare } from "./motion.ts";
import { resample } from "./resample.ts";

/** Everything they can be asked, by name. */
export const jobs = { double, findMotion, fuse, prepare, resample };
