/** All settings, their environment variables and defaults (docs/deployment.md lists them). */
import { join, resolve } from "node:path";

/** A key given on the command line or in the environment. */
export type SeedKey = { readonly id: string; readonly secret: string };

/** What one request may cost. */
export type Limits = {
  /** Bytes of one uploaded or fetched file. */
  readonly uploadBytes: number;
  /** Bytes of a request body: data URIs travel in it. */
  readonly bodyBytes: number;
  /** Seconds of an input video or audio. */
  readonly inputSeconds: number;
  /** Width times height of an input picture. */
  readonly inputPixels: number;
  /** Seconds of a video or sound that is put together from several. */
  readonly outputSeconds: number;
  /** Days that outputs, uploads and finished requests are kept. */
  readonly outputDays: number;
  readonly uploadDays: number;
  readonly requestDays: number;
  /** Seconds an operation may take before it is stopped. */
  readonly jobSeconds: number;
  /** Bytes of memory a media worker may hold. */
  readonly workerBytes: number;
};

/** All settings, read and checked. */
export type Config = {
  readonly host: string;
  readonly port: number;
  /** TCP port of the TLS listener that stands in for the vendors' hosts; undefined: off. */
  readonly tlsPort: number | undefined;
  /** Absolute path of the data folder. */
  readonly data: string;
  readonly keys: readonly SeedKey[];
  /** Origin that returned URLs use; by default the origin each caller used. */
  readonly publicUrl: string | undefined;
  /** Engine names in order of preference. */
  readonly engines: readonly string[];
  /** Whether inputs and webhooks may point to private addresses (loopback is always allowed without keys). */
  readonly allowPrivateUrls: boolean;
  /** What finished requests are charged: nothing, or the vendors' prices, so that billing code can be tested. */
  readonly prices: "none" | "vendor";
  readonly limits: Limits;
};

type Setting = { readonly flag: string; readonly variable: string; readonly help: string; readonly value: string };

/** Every option with its environment variable. */
export const SETTINGS = [
  { flag: "port", variable: "RESHOOT_PORT", value: "7860", help: "TCP port; 0 picks a free one" },
  { flag: "host", variable: "RESHOOT_HOST", value: "127.0.0.1", help: "address to listen on" },
  {
    flag: "tls-port",
    variable: "RESHOOT_TLS_PORT",
    value: "",
    help: "TCP port for TLS takeover (docs/takeover.md), 0 picks a free one; none: off",
  },
  { flag: "data", variable: "RESHOOT_DATA", value: "./.reshoot", help: "folder for the database and files" },
  { flag: "keys", variable: "RESHOOT_KEYS", value: "", help: "id:secret pairs, comma-separated; none: loopback only" },
  { flag: "public-url", variable: "RESHOOT_PUBLIC_URL", value: "", help: "origin that returned URLs use" },
  { flag: "engines", variable: "RESHOOT_ENGINES", value: "cpu", help: "engines in order of preference" },
  {
    flag: "allow-private-urls",
    variable: "RESHOOT_ALLOW_PRIVATE_URLS",
    value: "false",
    help: "let inputs and webhooks point to private addresses",
  },
  { flag: "prices", variable: "RESHOOT_PRICES", value: "none", help: "what requests are charged: none or vendor" },
  { flag: "max-upload-mb", variable: "RESHOOT_MAX_UPLOAD_MB", value: "2048", help: "largest upload or fetched input" },
  { flag: "max-body-mb", variable: "RESHOOT_MAX_BODY_MB", value: "100", help: "largest request body" },
  { flag: "max-input-seconds", variable: "RESHOOT_MAX_INPUT_SECONDS", value: "600", help: "longest input" },
  { flag: "max-input-pixels", variable: "RESHOOT_MAX_INPUT_PIXELS", value: "9437184", help: "largest input picture" },
  {
    flag: "max-output-seconds",
    variable: "RESHOOT_MAX_OUTPUT_SECONDS",
    value: "3600",
    help: "longest result that is put together from several inputs",
  },
  { flag: "keep-outputs-days", variable: "RESHOOT_KEEP_OUTPUTS_DAYS", value: "7", help: "days outputs are kept" },
  { flag: "keep-uploads-days", variable: "RESHOOT_KEEP_UPLOADS_DAYS", value: "7", help: "days uploads are kept" },
  { flag: "keep-requests-days", variable: "RESHOOT_KEEP_REQUESTS_DAYS", value: "30", help: "days requests are kept" },
  { flag: "max-job-seconds", variable: "RESHOOT_MAX_JOB_SECONDS", value: "3600", help: "longest single operation" },
  { flag: "worker-memory-mb", variable: "RESHOOT_WORKER_MEMORY_MB", value: "4096", help: "memory of a media worker" },
] as const satisfies readonly Setting[];

/**
 * Reads settings: flags (`--port 8000` or `--port=8000`) win over environment variables, which win over defaults.
 * @throws Error that names the setting when a value does not fit or a flag is unknown.
 */
export function readConfig(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Config {
  const flags = parseFlags(argv);
  const text = (flag: (typeof SETTINGS)[number]["flag"]): string => {
    const setting = SETTINGS.find((candidate) => candidate.flag === flag)!;
    return flags.get(flag) ?? env[setting.variable] ?? setting.value;
  };
  const number = (flag: (typeof SETTINGS)[number]["flag"], minimum: number): number => {
    const value = Number(text(flag));
    if (!Number.isFinite(value) || value < minimum)
      throw new Error(`--${flag} must be a number of at least ${minimum}`);
    return value;
  };
  const megabyte = 1024 * 1024;
  const publicUrl = text("public-url").replace(/\/+$/, "");
  if (publicUrl && !/^https?:\/\//.test(publicUrl)) throw new Error("--public-url must start with http:// or https://");
  const config: Config = {
    host: text("host"),
    port: number("port", 0),
    tlsPort: text("tls-port") === "" ? undefined : number("tls-port", 0),
    data: resolve(text("data")),
    keys: parseKeys(text("keys")),
    publicUrl: publicUrl || undefined,
    engines: text("engines")
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean),
    allowPrivateUrls: /^(1|true|yes)$/i.test(text("allow-private-urls")),
    prices: readPrices(text("prices")),
    limits: {
      uploadBytes: number("max-upload-mb", 1) * megabyte,
      bodyBytes: number("max-body-mb", 1) * megabyte,
      inputSeconds: number("max-input-seconds", 1),
      inputPixels: number("max-input-pixels", 1),
      outputSeconds: number("max-output-seconds", 1),
      outputDays: number("keep-outputs-days", 0),
      uploadDays: number("keep-uploads-days", 0),
      requestDays: number("keep-requests-days", 0),
      jobSeconds: number("max-job-seconds", 1),
      workerBytes: number("worker-memory-mb", 256) * megabyte,
    },
  };
  if (config.keys.length === 0 && !isLoopbackHost(config.host)) {
    throw new Error(
      `refusing to listen on ${config.host} without keys: anyone who can reach it could use it. ` +
        "Give --keys id:secret (RESHOOT_KEYS), or listen on 127.0.0.1",
    );
  }
  return config;
}

/** Folders inside the data folder. */
export function dataFolders(data: string): { database: string; files: string; work: string } {
  return { database: join(data, "reshoot.db"), files: join(data, "files"), work: join(data, "work") };
}

/** Which addresses inputs and webhooks may name. Without keys all who can ask are on this machine, so it may name itself. */
export function addressPolicy(config: Config): { allowLoopback: boolean; allowPrivate: boolean } {
  return {
    allowLoopback: config.keys.length === 0 || config.allowPrivateUrls,
    allowPrivate: config.allowPrivateUrls,
  };
}

/** Whether a host name or address (no port) is this machine's own loopback. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

function parseFlags(argv: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(argv[i]!);
    const setting = match && SETTINGS.find((candidate) => candidate.flag === match[1]);
    if (!match || !setting) throw new Error(`unknown option ${argv[i]}; see --help`);
    const inline = match[2];
    const next = argv[i + 1];
    if (inline !== undefined) flags.set(setting.flag, inline);
    else if (next !== undefined && !next.startsWith("--")) flags.set(setting.flag, argv[++i]!);
    else if (setting.flag === "allow-private-urls") flags.set(setting.flag, "true");
    else throw new Error(`--${setting.flag} needs a value`);
  }
  return flags;
}

function readPrices(text: string): Config["prices"] {
  if (text === "none" || text === "vendor") return text;
  throw new Error("--prices must be none or vendor");
}

function parseKeys(text: string): SeedKey[] {
  return text
    .split(",")
    .map((pair) => pair.trim())
    .filter(Boolean)
    .map((pair) => {
      const colon = pair.indexOf(":");
      if (colon < 1 || colon === pair.length - 1) throw new Error("--keys must be id:secret pairs, comma-separated");
      return { id: pair.slice(0, colon), secret: pair.slice(colon + 1) };
    });
}
