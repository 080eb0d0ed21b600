/** The runner of the server under measurement. */
import { serveRunner } from "../../src/runner/serve.ts";
import { abilities } from "./abilities.ts";

serveRunner(abilities);
