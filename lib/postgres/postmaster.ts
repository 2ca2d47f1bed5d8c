import { join } from "@std/path";
import { isFile } from "./tool_set.ts";

/** Milliseconds between two looks at a server's state. */
const POLL = 10;

/** What a running server says about itself in `postmaster.pid`; null when it is not running. */
export interface PostmasterState {
  readonly pid: number;
  /** `starting`, `stopping`, `ready` or `standby`; empty before the first of them. */
  readonly status: string;
}

/** Reads `postmaster.pid` (lines: pid, data folder, start, port, sockets, address, shared memory, status). */
export async function readPostmaster(dataFolder: string): Promise<PostmasterState | null> {
  try {
    const lines = (await Deno.readTextFile(join(dataFolder, "postmaster.pid"))).split("\n");
    const pid = Math.abs(Number(lines[0]));
    return Number.isInteger(pid) && pid > 1 ? { pid, status: (lines[7] ?? "").trim() } : null;
  } catch {
    return null;
  }
}

/** The command of a server, made so that it shuts down at once when we die (Linux; nothing is added elsewhere). */
export function dyingWithUs(program: string, args: readonly string[]): { program: string; args: readonly string[] } {
  // The runner asks for SIGTERM, which is PostgreSQL's "smart" shutdown: it would wait for clients.
  const setpriv = "/usr/bin/setpriv";
  if (Deno.build.os !== "linux" || !isFile(setpriv)) return { program, args };
  return { program: setpriv, args: ["--pdeathsig", "QUIT", "--", program, ...args] };
}

/**
 * Ends a server that a dead owner left behind: immediate shutdown, then SIGKILL.
 * Nothing happens if the pid in `postmaster.pid` now belongs to another program.
 */
export async function endStalePostmaster(dataFolder: string): Promise<void> {
  const state = await readPostmaster(dataFolder);
  if (state === null || !(await servesFolder(state.pid, dataFolder))) return;
  for (const signal of ["SIGQUIT", "SIGKILL"] as const) {
    signalProcess(state.pid, signal);
    if (await poll(5_000, async () => !(await servesFolder(state.pid, dataFolder)))) return;
  }
}

/** Sends a signal; false if there is no such process. */
export function signalProcess(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Looks until `done` says yes.
 *
 * @param deadline milliseconds to go on
 * @returns false when the deadline passed
 */
export async function poll(deadline: number, done: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + deadline;
  while (!(await done())) {
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  return true;
}

/** Whether process `pid` is a server that was started on `dataFolder`. */
async function servesFolder(pid: number, dataFolder: string): Promise<boolean> {
  const words = await commandLine(pid);
  const flag = words.indexOf("-D");
  return flag !== -1 && words[flag + 1] === dataFolder;
}

async function commandLine(pid: number): Promise<string[]> {
  try {
    // Not /proc: Deno reads it only with all permissions.
    const ps = await new Deno.Command("ps", { args: ["-ww", "-o", "command=", "-p", `${pid}`] }).output();
    return new TextDecoder().decode(ps.stdout).trim().split(" ");
  } catch {
    return [];
  }
}
