/** The product's server with the benchmark's endpoints. Takes the product's options. */
import { readConfig } from "../../src/config.ts";
import { launch } from "../../src/runner/fork.ts";

const config = readConfig(process.argv.slice(2), process.env);
const program = new URL("./runner.js", import.meta.url);
// As the product's own command does it.
const launched = await launch({ config, logLevel: "info", program });
const [{ startServer }, { abilities }] = await Promise.all([import("../../src/server.ts"), import("./abilities.ts")]);
const server = await startServer(config, { abilities: { ...abilities, runner: program }, launched });
process.on("SIGTERM", () => void server.close().then(() => process.exit(0)));
