/**
 * Installs other PostgreSQL versions beside the system's, for tests: client and server, no root
 * needed, nothing outside one folder is touched.
 *
 *     deno run -A scripts/postgres_versions.ts 13 17 18
 *
 * prints the folder of each version's programs. Debian only: packages come from the mirror that apt
 * already uses.
 */
import { join } from "@std/path";
import { errorText, PgstrataError, toPgstrataError } from "../lib/base/mod.ts";
import { findToolSets, type ToolSet } from "../lib/postgres/mod.ts";
import { FileLock, removeTree } from "../lib/system/mod.ts";
import { buildPostgres } from "./postgres_packages.ts";

/** Programs that tests use. */
const NEEDED = ["postgres", "initdb", "pg_dump", "pg_dumpall", "pg_restore", "psql", "pg_basebackup"];

/** Milliseconds to wait for another process that installs the same version. */
const WAIT = 300_000;

/**
 * The `bin` folder of a PostgreSQL of this major version: the machine's own, else one in the cache,
 * else a new one in the cache.
 *
 * @throws {PgstrataError} code `tool` when it is not here and cannot be installed.
 */
export async function ensurePostgres(major: number): Promise<string> {
  return (await ensureToolSet(major)).folder;
}

/** As {@linkcode ensurePostgres}, with its programs. */
export async function ensureToolSet(major: number): Promise<ToolSet> {
  const ofMachine = await findToolSets({ env: { PATH: Deno.env.get("PATH") ?? "" }, need: NEEDED });
  const installed = ofMachine.find((tools) => tools.major === major);
  if (installed !== undefined) return installed;
  const prefix = join(cacheFolder(), String(major));
  const bin = join(prefix, "usr/lib/postgresql", String(major), "bin");
  const cached = await inFolder(bin);
  if (cached !== undefined) return cached;
  // Not 0700: as root, the server runs as another user.
  await Deno.mkdir(cacheFolder(), { recursive: true, mode: 0o755 });
  using _lock = await waitForLock(`${prefix}.lock`, `install PostgreSQL ${major}`);
  const builtByAnother = await inFolder(bin);
  if (builtByAnother !== undefined) return builtByAnother;
  await removeTree(prefix);
  await buildPostgres(major, prefix);
  const built = await inFolder(bin);
  if (built !== undefined) return built;
  throw new PgstrataError(`Cannot install PostgreSQL ${major}: its programs do not run`, {
    code: "tool",
    context: { folder: bin },
  });
}

/**
 * Folder of the installed versions: `PGSTRATA_POSTGRES_CACHE`, else `~/.cache/pgstrata/postgres`; for
 * root /var/cache/pgstrata/postgres, since the server runs as another user, who may not look into /root.
 */
export function cacheFolder(): string {
  const named = Deno.env.get("PGSTRATA_POSTGRES_CACHE");
  if (named !== undefined && named !== "") return named;
  const home = Deno.env.get("HOME");
  return Deno.uid() === 0 || home === undefined
    ? "/var/cache/pgstrata/postgres"
    : join(home, ".cache/pgstrata/postgres");
}

async function inFolder(folder: string): Promise<ToolSet | undefined> {
  return (await findToolSets({ env: {}, need: NEEDED, places: [{ folder, source: "cache" }] }))[0];
}

/** Takes a lock, and waits while another process makes what it stands for. */
export async function waitForLock(path: string, what: string): Promise<FileLock> {
  const end = Date.now() + WAIT;
  while (true) {
    const lock = await FileLock.take(path, new Date());
    if (lock instanceof FileLock) return lock;
    if (Date.now() > end) {
      throw new PgstrataError(`Cannot ${what}: another process has been at it for 5 minutes`, {
        context: { lock: path, pid: lock.heldBy?.pid ?? "unknown" },
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

if (import.meta.main) {
  try {
    if (Deno.args.length === 0 || !Deno.args.every((arg) => /^\d+$/.test(arg))) {
      throw new PgstrataError("Cannot install PostgreSQL: name major versions, such as 13 17 18", { code: "usage" });
    }
    // deno-lint-ignore no-console -- this is a program: its result
    for (const arg of Deno.args) console.log(await ensurePostgres(Number(arg)));
  } catch (thrown) {
    const error = toPgstrataError(thrown);
    // deno-lint-ignore no-console -- and its error
    console.error(errorText(error));
    Deno.exit(error.exit);
  }
}
