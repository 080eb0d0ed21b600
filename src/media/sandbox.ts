/** Bubblewrap around a media worker: no network, no file but its own and the program's, where the system allows it. */
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** A command line and its arguments. */
export type Command = readonly [string, ...string[]];

/** Wraps a worker's command; `folder` has `in`, `out` and `tmp`. */
export type Sandbox = (command: Command, folder: string) => Command;

/** What the dynamic linker needs and nothing else of the system's configuration. */
const SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache", "/nix/store"];

/** Runs the command as it is. */
export const withoutSandbox: Sandbox = (command) => command;

/** The folders of a worker. */
export async function createFolders(folder: string): Promise<void> {
  for (const name of ["in", "out", "tmp"]) await mkdir(join(folder, name), { recursive: true });
}

/**
 * Bubblewrap for a worker's program. Whether it works here (it may not be installed, or be forbidden to make namespaces)
 * shows when the first worker starts in it.
 */
export function bubblewrap(entry: URL): Sandbox {
  const fixed: string[] = ["--die-with-parent", "--unshare-all", "--cap-drop", "ALL"];
  for (const path of [...SYSTEM, ...programPaths(fileURLToPath(entry))]) {
    if (!existsSync(path)) continue;
    if (lstatSync(path).isSymbolicLink()) fixed.push("--symlink", readlinkSync(path), path);
    else fixed.push("--ro-bind", path, path);
  }
  fixed.push("--proc", "/proc", "--dev", "/dev");
  return (command, folder) => {
    const [inside, out, tmp] = ["in", "out", "tmp"].map((name) => join(folder, name)) as [string, string, string];
    const own = ["--ro-bind", inside, inside, "--bind", out, out, "--bind", tmp, tmp];
    return ["bwrap", ...fixed, ...own, "--remount-ro", "/", "--chdir", folder, "--", ...command];
  };
}

/**
 * What a program needs to be read: Node itself, its build folder, its `package.json` (which says that it is made of
 * modules), and every `node_modules` above it. Never the package's whole folder: the data folder may lie in it.
 */
function programPaths(entry: string): string[] {
  const paths = [process.execPath];
  let hasPackage = false;
  for (let folder = dirname(entry); ; folder = dirname(folder)) {
    if (!hasPackage && existsSync(join(folder, "package.json"))) {
      hasPackage = true;
      const [first = ""] = relative(folder, entry).split(sep);
      paths.push(join(folder, "package.json"), join(folder, first));
    }
    if (existsSync(join(folder, "node_modules"))) paths.push(join(folder, "node_modules"));
    if (folder === dirname(folder)) return paths;
  }
}
