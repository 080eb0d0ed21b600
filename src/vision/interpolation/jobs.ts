/** What the threads of interpolation can do. */
import { between } from "./between.ts";
import { findMiddle } from "./middle.ts";
import { findMotion } from "./motion.ts";
import { prepare } from "./prepare.ts";

/** Everything they can be asked, by name. */
export const jobs = { prepare, findMotion, findMiddle, between };
