import { basename, dirname } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import { processText } from "../system/mod.ts";
import { type ToolPlace, toolPlaces } from "./tool_places.ts";
import { isFile, makeToolSet, programPath, type ToolSet } from "./tool_set.ts";

/** What to look for, and where. */
export interface FindOptions {
  /** The environment: `PGSTRATA_PG_BIN` and `PATH` are read. */
  readonly env: Readonly<Record<string, string>>;
  /** Programs a set must have, such as `["pg_dump", "pg_restore"]` or `["postgres", "initdb"]`. */
  readonly need: readonly string[];
  /** Folders to look in, instead of those of `env` and of the system's packages. */
  readonly places?: readonly ToolPlace[];
}

/** Debian's perl script behind /usr/bin/pg_dump and others: it picks a version by rules of its own. */
const DEBIAN_WRAPPER = "pg_wrapper";

/** Milliseconds a program gets to print its version. */
const VERSION_DEADLINE = 10_000;

/**
 * Every installed PostgreSQL that has the programs needed, ordered by major version (then as found:
 * `PGSTRATA_PG_BIN` first), each once, whatever links lead to it. None is an empty list;
 * see {@linkcode chooseToolSet} for the error.
 *
 * @throws {PgstrataError} code `tool` when a folder named in `PGSTRATA_PG_BIN` lacks a program.
 */
export async function findToolSets(options: FindOptions): Promise<ToolSet[]> {
  const places = options.places ?? toolPlaces(options.env);
  const folders = new Map<string, ToolPlace>();
  for (const place of places) {
    const folder = realFolder(place.folder, options.need);
    if (folder === null) {
      if (place.source === "PGSTRATA_PG_BIN") throw incomplete(place.folder, options.need);
    } else if (!folders.has(folder)) folders.set(folder, { folder, source: place.source });
  }
  const found = await Promise.all([...folders.values()].map((place) => readToolSet(place, options.need)));
  return found.filter((tools) => tools !== null).sort((a, b) => a.major - b.major);
}

/** The folder the programs really are in; null if one is missing. */
function realFolder(folder: string, need: readonly string[]): string | null {
  const paths: string[] = [];
  for (const name of need) {
    const path = programPath(folder, name);
    if (!isFile(path)) return null;
    const real = Deno.realPathSync(path);
    if (basename(real) === DEBIAN_WRAPPER) return null;
    paths.push(real);
  }
  const first = dirname(paths[0] ?? programPath(folder, ""));
  const together = need.every((name) => isFile(programPath(first, name)));
  return together ? first : Deno.realPathSync(folder);
}

async function readToolSet(place: ToolPlace, need: readonly string[]): Promise<ToolSet | null> {
  const program = programPath(place.folder, need[0] ?? "pg_dump");
  let output: string;
  try {
    output = await processText({ program, args: ["--version"], signal: AbortSignal.timeout(VERSION_DEADLINE) }, 65_536);
  } catch (cause) {
    // A broken installation must not keep us from a working one, unless it is the one the user asked for.
    if (place.source !== "PGSTRATA_PG_BIN") return null;
    throw new PgstrataError(`Cannot use PGSTRATA_PG_BIN: ${program} does not run`, { code: "tool", cause });
  }
  const match = /\(PostgreSQL\) ((\d+)\S*)/.exec(output);
  if (match?.[1] === undefined || match[2] === undefined) {
    if (place.source !== "PGSTRATA_PG_BIN") return null;
    throw new PgstrataError(`Cannot use PGSTRATA_PG_BIN: ${program} does not say its version`, {
      code: "tool",
      context: { output: output.trim().slice(0, 200) },
      hint: "Name the folder that holds PostgreSQL's own programs.",
    });
  }
  return makeToolSet({ ...place, version: match[1], major: Number(match[2]) });
}

function incomplete(folder: string, need: readonly string[]): PgstrataError {
  const missing = need.filter((name) => !isFile(programPath(folder, name)));
  const state = missing.length === 0
    ? `${folder} holds Debian's wrapper scripts only`
    : `${folder} has no ${missing.join(", ")}`;
  return new PgstrataError(`Cannot use PGSTRATA_PG_BIN: ${state}`, {
    code: "tool",
    hint: "Name the folder of PostgreSQL's own programs, such as /usr/lib/postgresql/17/bin, or unset the variable.",
  });
}
