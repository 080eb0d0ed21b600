/** The media worker's entry: the CPU engine's tasks, served over the channel to the pool. */
import { mediaSelfTest } from "../../media/self-test.ts";
import { serveTasks } from "../../media/worker-host.ts";
import { TASKS } from "./tasks.ts";

void serveTasks(TASKS, { selfTest: mediaSelfTest });
