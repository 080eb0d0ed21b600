/** The program of the runner's process. */
import { catalog } from "../endpoints/index.ts";
import { createEngines } from "../engines/index.ts";
import { serveRunner } from "./serve.ts";

serveRunner({ catalog, createEngines });
