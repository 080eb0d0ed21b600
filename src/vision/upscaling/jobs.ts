/** What the threads of upscaling can do. */
import { double } from "./double.ts";
import { resample } from "./resample.ts";

/** Everything they can be asked, by name. */
export const jobs = { double, resample };
