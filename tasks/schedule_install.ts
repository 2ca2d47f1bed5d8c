import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { makeFolder, ProcessError, processText, writeFileAtomic } from "../lib/system/mod.ts";
import { withCronBlock } from "./schedule_cron.ts";
import type { Unit } from "./schedule_systemd.ts";

/** Runs a program of the machine and gives what it prints; tests hand in another one. */
export type RunProgram = (program: string, args: readonly string[], stdin?: string) => Promise<string>;

/** What was done, for people. */
export type Installed = readonly string[];

/**
 * Runs a program with the variables `systemctl --user` needs.
 *
 * @param env the process's environment
 */
export function runProgramWith(env: Readonly<Record<string, string>>): RunProgram {
  const passed = Object.fromEntries(
    ["XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"].flatMap((name) => env[name] ? [[name, env[name]]] : []),
  );
  return (program, args, stdin) =>
    processText({ program, args, env: passed, ...(stdin === undefined ? {} : { stdin }) });
}

/**
 * Writes units for a user's manager and starts their timers.
 *
 * @param folder `~/.config/systemd/user`
 * @throws {PgstrataError} code `refused` when files of these names have other content: nothing is written then
 */
export async function installUnits(units: readonly Unit[], folder: string, run: RunProgram): Promise<Installed> {
  const states = await Promise.all(units.map(async (unit) => {
    const there = await Deno.readTextFile(join(folder, unit.name)).catch(() => null);
    return { unit, state: there === null ? "new" : there === unit.text ? "same" : "other" };
  }));
  const others = states.filter(({ state }) => state === "other").map(({ unit }) => join(folder, unit.name));
  if (others.length > 0) {
    throw new PgstrataError("Cannot install the timers: files of these names are there with other content", {
      code: "refused",
      context: { files: others.join(", ") },
      hint: "Move them away, or change them by hand; `pgstrata schedule` prints what they would be.",
    });
  }
  await makeFolder(folder);
  const fresh = states.filter(({ state }) => state === "new").map(({ unit }) => unit);
  for (const unit of fresh) await writeFileAtomic(join(folder, unit.name), unit.text);
  const timers = units.map(({ name }) => name).filter((name) => name.endsWith(".timer"));
  await run("systemctl", ["--user", "daemon-reload"]);
  if (timers.length > 0) await run("systemctl", ["--user", "enable", "--now", ...timers]);
  return [
    ...fresh.map(({ name }) => `written: ${join(folder, name)}`),
    ...states.filter(({ state }) => state === "same").map(({ unit }) => `there already: ${join(folder, unit.name)}`),
    ...timers.map((name) => `started: ${name}`),
  ];
}

/** Puts a block into the user's crontab, in place of the one that an earlier call wrote; other lines stay. */
export async function installCron(block: string, environment: string, run: RunProgram): Promise<Installed> {
  let before = "";
  try {
    before = await run("crontab", ["-l"]);
  } catch (error) {
    // A user without a crontab: "no crontab for …".
    if (!(error instanceof ProcessError) || !/no crontab/i.test(error.stderr)) throw error;
  }
  const after = withCronBlock(before, environment, block);
  if (after === before) return ["the crontab has these lines already"];
  await run("crontab", ["-"], after);
  return [`written into this user's crontab: ${block.split("\n").filter((line) => /^\d/.test(line)).length} lines`];
}
