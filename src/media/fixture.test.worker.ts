/** A media worker that misbehaves on request, for the tests of the pool. */
import { readdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fieldError } from "../errors.ts";
import { mediaSelfTest } from "./self-test.ts";
import { serveTasks } from "./worker-host.ts";

const attempt = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );

await serveTasks(
  {
    echo: async (args) => args,
    environment: async () => ({ names: Object.keys(process.env).sort(), folder: process.cwd(), pid: process.pid }),
    reach: async (port, context) => ({
      network: await attempt(
        new Promise((resolve, reject) => {
          connect(port as number, "127.0.0.1", () => resolve(undefined)).on("error", reject);
        }),
      ),
      writeIn: await attempt(writeFile(join(context.inFolder, "x"), "x")),
      writeOut: await attempt(writeFile(join(context.outFolder, "x"), "x")),
      list: await attempt(readdir("/home")),
    }),
    talk: async (_args, context) => {
      for (let i = 0; i <= 100; i++) context.progress(i / 100, "talking");
      context.log("INFO", "said");
    },
    crash: async () => process.kill(process.pid, "SIGSEGV"),
    refuse: async () => {
      throw fieldError("video_load_error", ["body", "video_url"], "No", { ctx: { a: 1 } });
    },
    defect: async () => {
      throw new TypeError("a secret of the inside");
    },
    grow: async () => {
      const held: Buffer[] = [];
      for (;;) {
        held.push(Buffer.alloc(16 * 1024 * 1024, held.length));
        await sleep(5);
      }
    },
    spin: async () => {
      for (;;);
    },
    leave: async (_args, context) => writeFile(join(context.outFolder, "left"), "x"),
  },
  { selfTest: mediaSelfTest },
);
