/** `npm run bench -- <name> [options]`: one published figure. */

/** Every benchmark, loaded when asked for. */
const BENCHES: Readonly<Record<string, () => Promise<{ main(argv: readonly string[]): Promise<void> }>>> = {
  playground: () => import("./playground.ts"),
  interpolation: () => import("./interpolation.ts"),
  queue: () => import("./queue.ts"),
  outpainting: () => import("./outpainting.ts"),
  removal: () => import("./removal.ts"),
  "removal-quality": () => import("./removal-quality.ts"),
  "removal-size": () => import("./removal-size.ts"),
  segmentation: () => import("./segmentation.ts"),
  soak: () => import("./soak.ts"),
  strips: () => import("./strips.ts"),
  timeline: () => import("./timeline.ts"),
  upscaling: () => import("./upscaling.ts"),
};

const [name = "", ...argv] = process.argv.slice(2);
const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (!load) {
  console.error(`usage: npm run bench -- ${Object.keys(BENCHES).join("|")} [options]`);
  process.exit(1);
}
const { main } = await load();
await main(argv);
