#!/usr/bin/env node
/** `reshoot [options]`: starts the server. */
import { readFileSync } from "node:fs";
import { readConfig, SETTINGS } from "./config.ts";
import { launch } from "./runner/fork.ts";

const argv = process.argv.slice(2);

if (argv.includes("--help") || argv.includes("-h")) {
  console.log("reshoot: a self-hosted server for video-editing models\n\nOptions (and environment variables):");
  for (const { flag, variable, value, help } of SETTINGS) {
    console.log(`  --${flag.padEnd(20)} ${help}${value ? ` (default ${value})` : ""}\n  ${" ".repeat(22)} ${variable}`);
  }
  process.exit(0);
}
if (argv.includes("--version")) {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  console.log(manifest.version);
  process.exit(0);
}

try {
  const config = readConfig(argv, process.env);
  const logLevel = process.env.RESHOOT_LOG ?? "info";
  const launched = await launch({ config, logLevel });
  // Only now: this process and the runner's load their programs side by side.
  const { startServer } = await import("./server.ts");
  const server = await startServer(config, { logLevel, launched });
  console.log(`Reshoot is ready at ${server.origin} (data in ${config.data})`);
  if (server.tls.caPath) {
    console.log(`TLS takeover at ${server.tls.origins[0]}; programs must trust ${server.tls.caPath}`);
  }
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // A second signal does not wait for running work to be given back.
      if (stopping) process.exit(1);
      stopping = true;
      void server.close().then(() => process.exit(0));
    });
  }
} catch (error) {
  console.error(`reshoot: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
