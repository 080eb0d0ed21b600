/** The engines a configuration names. */
import { join } from "node:path";
import { type Config, dataFolders } from "../config.ts";
import { type CpuEngineOptions, createCpuEngine } from "./cpu/engine.ts";
import type { Engine } from "./engine.ts";

/** What engines report to. */
export type EngineParts = Pick<CpuEngineOptions, "log" | "metrics">;

const FACTORIES: Readonly<Record<string, (config: Config, parts: EngineParts) => Engine>> = {
  cpu: (config, parts) =>
    createCpuEngine({
      folder: join(dataFolders(config.data).work, "workers"),
      limits: config.limits,
      ...parts,
    }),
};

/**
 * Engines in order of preference, constructed but not started.
 * @throws Error that names an unknown engine and the known ones.
 */
export function createEngines(config: Config, parts: EngineParts = {}): Engine[] {
  if (config.engines.length === 0) throw new Error("--engines must name at least one engine");
  return config.engines.map((name) => {
    const create = FACTORIES[name];
    if (!create)
      throw new Error(`unknown engine "${name}" in --engines; this version has: ${Object.keys(FACTORIES).join(", ")}`);
    return create(config, parts);
  });
}
