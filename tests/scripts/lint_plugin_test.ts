import { assertEquals } from "@std/assert";
import plugin from "../../scripts/lint_plugin.ts";
import { ROOMS } from "../../scripts/rooms.ts";

/** `rule: message` of everything the plugin finds. */
function findings(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, file, source).map(({ id, message }) =>
    `${id.replace("pgstrata/", "")}: ${message}`
  );
}

interface Case {
  readonly name: string;
  readonly file: string;
  readonly source: string;
  readonly finds?: string;
}

const DOOR = "room-imports: Other rooms are entered through their door: lib/base/mod.ts";
const ENV = "env-from-outside: Only lib/system and tasks read the environment: take it as a value";

const CASES: readonly Case[] = [
  // Imports between rooms
  { name: "a room below, through its door", file: "lib/system/a.ts", source: `import { x } from "../base/mod.ts";` },
  {
    name: "a room above",
    file: "lib/base/a.ts",
    source: `import { x } from "../system/mod.ts";`,
    finds: "room-imports: lib/base may not import lib/system",
  },
  {
    name: "a type from a room above",
    file: "lib/report/a.ts",
    source: `import type { X } from "../backup/mod.ts";`,
    finds: "room-imports: lib/report may not import lib/backup",
  },
  { name: "past the door", file: "lib/system/a.ts", source: `import { x } from "../base/errors.ts";`, finds: DOOR },
  {
    name: "past the door by export",
    file: "lib/system/a.ts",
    source: `export * from "../base/errors.ts";`,
    finds: DOOR,
  },
  {
    name: "past the door by a named export",
    file: "lib/system/a.ts",
    source: `export { x } from "../base/errors.ts";`,
    finds: DOOR,
  },
  {
    name: "past the door by a lazy import",
    file: "lib/system/a.ts",
    source: `export const x = () => import("../base/errors.ts");`,
    finds: DOOR,
  },
  {
    name: "past the door by an import type",
    file: "lib/system/a.ts",
    source: `export type X = import("../base/errors.ts").ErrorDocument;`,
    finds: DOOR,
  },
  {
    name: "past the door by a worker",
    file: "lib/system/a.ts",
    source: `new Worker(new URL("../base/w.ts", import.meta.url));`,
    finds: DOOR,
  },
  { name: "a file of the same room", file: "lib/base/a.ts", source: `import { x } from "./b.ts";` },
  {
    name: "the own door",
    file: "lib/base/a.ts",
    source: `import { x } from "./mod.ts";`,
    finds: "room-imports: Inside a room import the file itself, not the room's mod.ts",
  },
  {
    name: "a room that is not in the table",
    file: "lib/utils/a.ts",
    source: `import { x } from "../base/mod.ts";`,
    finds: "room-imports: lib/utils is not in the table of rooms",
  },
  { name: "a package", file: "lib/base/a.ts", source: `import { format } from "@std/fmt/bytes";` },
  {
    name: "our own package name",
    file: "lib/base/a.ts",
    source: `import { x } from "@pgstrata/pgstrata";`,
    finds: "room-imports: lib/ may not import mod.ts",
  },
  { name: "crypt from backup", file: "lib/backup/a.ts", source: `import { x } from "../crypt/mod.ts";` },
  {
    name: "crypt from storage",
    file: "lib/storage/a.ts",
    source: `import { x } from "../crypt/mod.ts";`,
    finds: "room-imports: lib/storage may not import lib/crypt",
  },
  // tasks, tests, scripts, root
  { name: "any room from a task", file: "tasks/a.ts", source: `import { x } from "../lib/backup/mod.ts";` },
  {
    name: "past the door from a task",
    file: "tasks/a.ts",
    source: `import { x } from "../lib/base/errors.ts";`,
    finds: DOOR,
  },
  { name: "a task from a task", file: "tasks/commands/a.ts", source: `import { x } from "../command.ts";` },
  {
    name: "scripts from a task",
    file: "tasks/a.ts",
    source: `import { x } from "../scripts/demo.ts";`,
    finds: "room-imports: tasks/a.ts may not import scripts/",
  },
  {
    name: "tasks from lib",
    file: "lib/base/a.ts",
    source: `import { x } from "../../tasks/parse.ts";`,
    finds: "room-imports: lib/ may not import tasks/",
  },
  {
    name: "tests from lib",
    file: "lib/base/a.ts",
    source: `import { x } from "../../tests/fixture.ts";`,
    finds: "room-imports: lib/ may not import tests/",
  },
  {
    name: "inner files from a test",
    file: "tests/base/a_test.ts",
    source: `import { x } from "../../lib/base/errors.ts";`,
  },
  {
    name: "a file outside",
    file: "lib/base/a.ts",
    source: `import { x } from "../../../other/a.ts";`,
    finds: "room-imports: Nothing outside the project may be imported by path",
  },
  {
    name: "tasks from the root",
    file: "mod.ts",
    source: `export * from "./tasks/version.ts";`,
    finds: "room-imports: mod.ts may not import tasks/",
  },
  { name: "doors from the root", file: "mod.ts", source: `export * from "./lib/base/mod.ts";` },
  // Doors
  {
    name: "a door that re-exports",
    file: "lib/base/mod.ts",
    source: `export * from "./a.ts"; export { x } from "./b.ts";`,
  },
  {
    name: "a door with logic",
    file: "lib/base/mod.ts",
    source: `export const x = 1;`,
    finds: "door-reexports: A mod.ts only re-exports: put this into a file of the room",
  },
  // The pure room
  { name: "hashing in archive", file: "lib/archive/a.ts", source: `import { createHash } from "node:crypto";` },
  {
    name: "files in archive",
    file: "lib/archive/a.ts",
    source: `import { statfs } from "node:fs/promises";`,
    finds: "pure-archive: lib/archive is pure: it may not import node:fs/promises",
  },
  {
    name: "processes in archive",
    file: "lib/archive/a.ts",
    source: `import { spawn } from "node:child_process";`,
    finds: "pure-archive: lib/archive is pure: it may not import node:child_process",
  },
  {
    name: "Deno in archive",
    file: "lib/archive/a.ts",
    source: `export const open = () => Deno.open("x");`,
    finds: "pure-archive: lib/archive is pure: it may not use Deno",
  },
  {
    name: "a property called Deno in archive",
    file: "lib/archive/a.ts",
    source: `export const x = (y: { Deno: 1 }) => y.Deno;`,
  },
  { name: "Deno elsewhere", file: "lib/system/a.ts", source: `export const open = () => Deno.open("x");` },
  // What only tasks do
  {
    name: "console in lib",
    file: "lib/base/a.ts",
    source: `console.log("x");`,
    finds: "no-face-in-lib: lib/ may not use console: a library hands over, the task prints",
  },
  {
    name: "console behind globalThis in lib",
    file: "lib/base/a.ts",
    source: `globalThis.console.log("x");`,
    finds: "no-face-in-lib: lib/ may not use console: a library hands over, the task prints",
  },
  {
    name: "prompt in lib",
    file: "lib/base/a.ts",
    source: `prompt("x");`,
    finds: "no-face-in-lib: lib/ may not use prompt: a library hands over, the task prints",
  },
  {
    name: "something of our own called prompt",
    file: "lib/base/a.ts",
    source: `export const x = (y: { prompt: string }) => y.prompt;`,
  },
  {
    name: "exit in lib",
    file: "lib/base/a.ts",
    source: `Deno.exit(1);`,
    finds: "no-face-in-lib: lib/ may not use Deno.exit: A library throws; the task exits",
  },
  {
    name: "exit taken out of Deno in lib",
    file: "lib/base/a.ts",
    source: `const { exit } = Deno;`,
    finds: "no-face-in-lib: lib/ may not use Deno.exit: A library throws; the task exits",
  },
  {
    name: "arguments in lib",
    file: "lib/base/a.ts",
    source: `export const x = Deno["args"];`,
    finds: "no-face-in-lib: lib/ may not use Deno.args: A library takes options; the task parses arguments",
  },
  { name: "exit in a task", file: "tasks/main.ts", source: `Deno.exit(Deno.args.length);` },
  // The environment
  { name: "env in lib", file: "lib/connection/a.ts", source: `Deno.env.get("X");`, finds: ENV },
  {
    name: "env behind globalThis in lib",
    file: "lib/connection/a.ts",
    source: `globalThis.Deno.env.get("X");`,
    finds: ENV,
  },
  { name: "env taken out of Deno in lib", file: "lib/connection/a.ts", source: `const { env } = Deno;`, finds: ENV },
  {
    name: "node:process in lib",
    file: "lib/connection/a.ts",
    source: `import process from "node:process";`,
    finds: ENV,
  },
  { name: "env in lib/system", file: "lib/system/a.ts", source: `Deno.env.get("X");` },
  { name: "env in a task", file: "tasks/a.ts", source: `Deno.env.get("X");` },
];

for (const { name, file, source, finds } of CASES) {
  Deno.test(`lint plugin ${finds === undefined ? "accepts" : "refuses"} ${name}`, () => {
    assertEquals(findings(file, source), finds === undefined ? [] : [finds]);
  });
}

Deno.test("lint plugin understands absolute file names", () => {
  const file = new URL("../../lib/base/a.ts", import.meta.url).pathname;
  assertEquals(findings(file, `import { x } from "../system/mod.ts";`), [
    "room-imports: lib/base may not import lib/system",
  ]);
});

Deno.test("the table of rooms has no circle", () => {
  const below = (room: string, path: readonly string[]): void => {
    assertEquals(path.includes(room), false, [...path, room].join(" → "));
    for (const next of ROOMS[room] ?? []) below(next, [...path, room]);
  };
  for (const room of Object.keys(ROOMS)) below(room, []);
});
