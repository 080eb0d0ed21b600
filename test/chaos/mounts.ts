/** File systems of a test's own: a small one that can be filled, and a folder that turns read-only. Needs root. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
}

/** Mounts an empty file system of that many megabytes in memory. */
export function mountSmallDisk(folder: string, megabytes: number): void {
  run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "tmpfs", folder);
}

/** Makes everything that is opened in a folder from now on read-only; what is open stays as it is. */
export function turnReadOnly(folder: string): void {
  run("mount", "--bind", folder, folder);
  run("mount", "-o", "remount,bind,ro", folder);
}

/** Takes the newest mount of a folder away, even while files in it are open. */
export function unmount(folder: string): void {
  run("umount", "--lazy", folder);
}

function tryMounting(): false | string {
  const folder = mkdtempSync(join(tmpdir(), "reshoot-mount-"));
  try {
    mountSmallDisk(folder, 1);
    unmount(folder);
    return false;
  } catch (error) {
    return `file systems cannot be mounted here: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For a test's `skip` option: false where mounting is permitted, else the reason. */
export const withoutMounts: false | string =
  process.platform === "linux" ? tryMounting() : "mounts are tried on Linux only";
