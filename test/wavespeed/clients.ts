/** The official clients that `node scripts/wavespeed-clients.mjs` installed. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const FOLDER = resolve(".build", "wavespeed-clients");
const require = createRequire(join(FOLDER, "package.json"));

/** For a test's `skip` option: false when the clients are there, else the reason. */
export const withoutClients: false | string = existsSync(join(FOLDER, "python-legacy"))
  ? false
  : "the official clients are missing: node scripts/wavespeed-clients.mjs";

/** What the packages since 0.2 export, as far as tests use it. */
export type ModernPackage = {
  readonly Client: new (
    apiKey: string,
    options: { baseUrl: string; retryInterval?: number },
  ) => {
    run(model: string, input?: object, options?: object): Promise<{ outputs: unknown[] }>;
    upload(file: string): Promise<string>;
  };
};

/** What the packages before 0.1 export, as far as tests use it. */
export type OldPackage = {
  readonly WaveSpeed: new (
    apiKey: string,
    options: { baseUrl: string; pollInterval?: number },
  ) => {
    run(model: string, input: object, options?: object): Promise<OldPrediction>;
    create(model: string, input: object, options?: object): Promise<OldPrediction>;
    getPrediction(id: string): Promise<OldPrediction>;
    upload(file: Blob, options?: object): Promise<string>;
  };
};

/** The oldest client's prediction. */
export type OldPrediction = {
  readonly id: string;
  readonly model: string;
  readonly status: string;
  readonly outputs: string[];
  readonly error: string;
  wait(): Promise<OldPrediction>;
};

/** One version of the npm package. */
export function npmPackage<P>(version: "0.3.2" | "0.2.3" | "0.0.15"): P {
  return require(`wavespeed-${version}`) as P;
}

/** Python with one version of the package. */
export function python(version: "newest" | "legacy"): string {
  const folder = join(FOLDER, `python-${version}`);
  return process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
}
