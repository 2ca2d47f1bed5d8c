import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { findBackup, type Manifest, MANIFEST_FILE, parseManifest, type UsableEntry } from "../lib/catalog/mod.ts";
import { isEnvironmentName, resolveTargets, type Target } from "../lib/connection/mod.ts";
import { chooseToolSet, findToolSets, type ToolSet } from "../lib/postgres/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import { backupTargets } from "./backup_targets.ts";
import type { DIFF_OPTIONS } from "./commands/diff.ts";
import { READ_OPTIONS } from "./read_backups.ts";
import { usage } from "./usage_error.ts";

/** What an argument of `diff` means. */
export type NamedSide =
  | { readonly kind: "backup"; readonly name: string; readonly folder: string; readonly manifest: Manifest }
  | { readonly kind: "database"; readonly target: Target };

/** The two sides of a command line, and what is to be said about them. */
export interface NamedSides {
  readonly before: NamedSide;
  readonly after: NamedSide;
  readonly warnings: readonly string[];
}

/**
 * Understands A and B: what is on the shelf is a backup, else an environment's name is its database.
 *
 * @param shelf the folder of `--dir`
 * @throws {PgstrataError} code `usage` when a side is missing or unknown; `refused` when a backup is encrypted
 */
export async function namedSides(
  { positionals: [a = "", b], options }: Invocation<typeof DIFF_OPTIONS>,
  { cwd }: Pick<TaskContext, "cwd">,
  shelf: string,
  env: Readonly<Record<string, string>>,
): Promise<NamedSides> {
  const { url, "url-env": variable } = options;
  const given = [b, url, variable].filter((one) => one !== undefined).length;
  if (given !== 1) {
    throw usage(
      given === 0
        ? "Cannot run diff: there is nothing to compare with"
        : "Cannot run diff: what to compare with is given more than once",
      ["diff"],
      "Name a backup, an environment, or a database with --url-env.",
    );
  }
  const before = await sideNamed(a, cwd, shelf, env);
  if (b !== undefined) return { before, after: await sideNamed(b, cwd, shelf, env), warnings: [] };
  const source = variable !== undefined
    ? { from: "variable", variable } as const
    : url === "-"
    ? { from: "stdin" } as const
    : { from: "url", url: url ?? "" } as const;
  const readInput = () => new Response(Deno.stdin.readable).text();
  const { targets: [target], warnings } = await backupTargets({ source, environment: "url" }, env, readInput);
  if (target === undefined) throw usage("Cannot run diff: there is no database to compare with", ["diff"]);
  return { before, after: { kind: "database", target }, warnings };
}

async function sideNamed(
  argument: string,
  cwd: string,
  shelf: string,
  env: Readonly<Record<string, string>>,
): Promise<NamedSide> {
  const name = argument.toLowerCase();
  const isEnvironment = isEnvironmentName(name, env);
  if (isEnvironment && !argument.includes("/")) {
    const [target, ...others] = resolveTargets(name, env);
    if (target === undefined || others.length > 0) {
      throw usage(`Cannot run diff: ${argument} is more than one database`, ["diff"], "Name one environment.");
    }
    return { kind: "database", target };
  }
  const { entry } = await findBackup(shelf, argument, cwd, READ_OPTIONS);
  return { kind: "backup", name: entry.path, folder: entry.folder, manifest: await readableManifest(entry) };
}

async function readableManifest(entry: UsableEntry): Promise<Manifest> {
  switch (entry.kind) {
    case "backup":
      return parseManifest(await Deno.readTextFile(join(entry.folder, MANIFEST_FILE)));
    case "encrypted":
      throw new PgstrataError(`Cannot compare ${entry.path}: it is encrypted`, {
        code: "refused",
        hint: `Decrypt it elsewhere, and compare that folder: pgstrata decrypt ${entry.path} --to FOLDER`,
      });
    case "foreign":
      throw new PgstrataError(`Cannot compare ${entry.path}: it has no manifest`, {
        code: "usage",
        hint: "Only backups that pgstrata made can be compared. `pg_restore --list` shows what is in its archives.",
      });
    default:
      return entry satisfies never;
  }
}

/**
 * Client programs for a backup's archives. Most comparisons need none: where none is installed, asking for a program
 * fails, and not before.
 */
export async function archiveTools(
  { client }: Manifest,
  env: Readonly<Record<string, string>>,
): Promise<ToolSet> {
  const major = Number.parseInt(client.version, 10);
  try {
    return chooseToolSet(await findToolSets({ env, need: ["pg_restore"] }), major, "client").tools;
  } catch (error) {
    if (!(error instanceof PgstrataError)) throw error;
    const missing = error;
    return {
      folder: "",
      major: 0,
      version: "0",
      source: "none",
      has: () => false,
      program() {
        throw missing;
      },
    };
  }
}
