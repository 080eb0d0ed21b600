/** The product's server with the benchmark's endpoints. Takes the product's options. */
import { readConfig } from "../../src/config.ts";
import { startServer } from "../../src/server.ts";
import { abilities } from "./abilities.ts";

const server = await startServer(readConfig(process.argv.slice(2), process.env), {
  abilities: { ...abilities, runner: new URL("./runner.js", import.meta.url) },
});
process.on("SIGTERM", () => void server.close().then(() => process.exit(0)));
