/** The product's server with the benchmark's endpoints. Takes the product's options. */
import { readConfig } from "../../src/config.ts";
import { forkRunner } from "../../src/runner/fork.ts";

const program = new URL("./runner.js", import.meta.url);
// As the product's own command does it.
const runner = forkRunner(program);
const [{ startServer }, { abilities }] = await Promise.all([import("../../src/server.ts"), import("./abilities.ts")]);
const server = await startServer(readConfig(process.argv.slice(2), process.env), {
  abilities: { ...abilities, runner: program },
  runner,
});
process.on("SIGTERM", () => void server.close().then(() => process.exit(0)));
