/**
 * The import table of the project: which rooms of `lib/` a room may import.
 * ARCHITECTURE's table with the changes of DECISIONS ("Rooms"); the lint plugin enforces it.
 */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  system: ["base"],
  archive: ["base"],
  connection: ["base", "system"],
  postgres: ["base", "system", "connection"],
  inventory: ["base", "connection"],
  catalog: ["base", "system"],
  crypt: ["base", "system"],
  notice: ["base", "system"],
  backup: ["base", "system", "archive", "connection", "postgres", "inventory", "catalog", "crypt"],
  restore: ["base", "system", "archive", "connection", "postgres", "inventory", "catalog", "crypt"],
  verify: ["base", "system", "archive", "connection", "postgres", "inventory", "catalog", "crypt"],
  // Compares what verify describes: a living database and a backup in the same terms.
  diff: ["base", "system", "archive", "connection", "postgres", "inventory", "catalog", "crypt", "verify"],
  doctor: ["base", "system", "archive", "connection", "postgres", "inventory", "catalog", "crypt"],
  storage: ["base", "system", "catalog"],
  snapshot: ["base", "connection", "postgres", "inventory", "catalog"],
  report: ["base", "catalog"],
};

/** Where a file stands in the project. */
export type Place =
  | { readonly area: "lib"; readonly room: string; readonly file: string }
  | { readonly area: "tasks" | "tests" | "scripts" | "root" | "outside"; readonly file: string };

/** The place of a path relative to the project's folder, such as `lib/base/errors.ts`. */
export function placeOf(path: string): Place {
  const [area, room, ...rest] = path.split("/");
  if (area === "..") return { area: "outside", file: path };
  if (area === "lib" && room !== undefined && rest.length > 0) return { area: "lib", room, file: rest.join("/") };
  if (area === "tasks" || area === "tests" || area === "scripts") return { area, file: path };
  return { area: "root", file: path };
}

/**
 * Why `from` may not import `to` (both relative to the project's folder), or null if it may.
 *
 * @example
 * ```ts
 * import { importProblem } from "./rooms.ts";
 * console.assert(importProblem("lib/system/process.ts", "lib/base/mod.ts") === null);
 * console.assert(importProblem("lib/base/clock.ts", "lib/system/mod.ts") !== null);
 * ```
 */
export function importProblem(from: string, to: string): string | null {
  const source = placeOf(from);
  const target = placeOf(to);
  if (source.area === "tests" || source.area === "scripts") return null;
  if (target.area === "tests" || target.area === "scripts") {
    return `${source.area === "lib" ? "lib/" : from} may not import ${target.area}/`;
  }
  if (target.area === "outside") return "Nothing outside the project may be imported by path";
  if (source.area !== "lib") {
    if (target.area === "lib" && target.file !== "mod.ts") return doorText(target.room);
    return source.area === "root" && target.area === "tasks" ? `${from} may not import tasks/` : null;
  }
  if (target.area !== "lib") return `lib/ may not import ${target.area === "tasks" ? "tasks/" : to}`;
  if (source.room === target.room) {
    return target.file === "mod.ts" ? "Inside a room import the file itself, not the room's mod.ts" : null;
  }
  const allowed = ROOMS[source.room];
  if (allowed === undefined) return `lib/${source.room} is not in the table of rooms`;
  if (!allowed.includes(target.room)) {
    return `lib/${source.room} may not import lib/${target.room}`;
  }
  return target.file === "mod.ts" ? null : doorText(target.room);
}

function doorText(room: string): string {
  return `Other rooms are entered through their door: lib/${room}/mod.ts`;
}
