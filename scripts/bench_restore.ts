/** Measures `restore`, `verify` and the drill against `pg_restore`, `psql` and `sha256sum`. */
import { join } from "@std/path";
import type { DisposableCluster, ToolSet } from "../lib/postgres/mod.ts";
import { inFolder, measure, type Measured, measurePgstrata, say, table } from "./bench_tools.ts";

const JOBS = "2";

/** Measurements of what takes little time. */
const ROUNDS = 5;

/** One backup of the database `source`, put back in every way. */
export async function benchRestore(cluster: DisposableCluster, tools: ToolSet, source: string): Promise<void> {
  await inFolder(async (cwd) => {
    const ours = (way: string, args: readonly string[], database: string) =>
      measurePgstrata(way, args, { cwd, url: cluster.url(database), tools });
    say("\nMaking a backup to put back …");
    await ours("", ["backup", "--url-env", "BENCH_URL"], source);
    const backup = await onlyBackup(cwd);
    const archive = join(backup, "db_full.dump");

    await cluster.psql("CREATE DATABASE plain");
    const plain = await measure("pg_restore -j", tools.program("pg_restore"), [
      "--jobs",
      JOBS,
      "--dbname",
      cluster.url("plain"),
      archive,
    ], cwd);
    await cluster.psql("CREATE DATABASE target");
    const restore = await ours("restore", ["restore", backup, "--to-env", "BENCH_URL", "--json", "-j", JOBS], "target");
    const drill = await ours("verify --drill", ["verify", backup, "--drill", "--json", "-j", JOBS], source);
    table("Putting a whole database back", [
      plain,
      part(restore, "restore: its load", readPath(restore, "report", "durations", "load")),
      restore,
      part(drill, "drill: its load", readPath(drill, "drill", "tiers", "0", "durations", "restore")),
      part(drill, "drill: load and comparison", readPath(drill, "drill", "duration")),
      drill,
    ], plain);

    const hash = await measure("sha256sum of all files", "bash", [
      "-c",
      `find '${backup}' -type f -print0 | xargs -0 -n 16 -P 2 sha256sum >sums`,
    ], cwd);
    table("Verifying", [hash, await ours("verify", ["verify", backup], source)], hash);

    const [largest] = (await cluster.psql(
      "SELECT schemaname || '.' || relname FROM pg_stat_user_tables ORDER BY pg_relation_size(relid) DESC LIMIT 1",
      { database: "plain" },
    )).trim().split("\n");
    const name = largest ?? "";
    const file = join(backup, name.replace(".", "/tables/"), "data.sql");
    const flags = ["--no-safety-backup", "--yes", "plain", "--json"];
    const one = ["restore", backup, "--to-env", "BENCH_URL", "--table", name, "--data-only", ...flags];
    const loads: Measured[] = [];
    const singles: { readonly whole: Measured; readonly load: Measured }[] = [];
    // It takes a second or two: one run says little.
    for (let round = 0; round < ROUNDS; round++) {
      const empty = () => cluster.psql(`TRUNCATE ${name}; CHECKPOINT`, { database: "plain" });
      await empty();
      loads.push(
        await measure("psql -f data.sql", tools.program("psql"), ["-Xqf", file, cluster.url("plain")], cwd),
      );
      await empty();
      const whole = await ours("restore --table --data-only", one, "plain");
      singles.push({ whole, load: part(whole, "restore: its load", readPath(whole, "report", "durations", "load")) });
    }
    const psql = fastest(loads, ({ seconds }) => seconds);
    const single = fastest(singles, ({ load }) => load.seconds);
    const title = `Putting the largest table back (${name}; best of ${ROUNDS})`;
    table(title, [psql, single.load, single.whole], psql);
    await cluster.psql("DROP DATABASE plain");
    await cluster.psql("DROP DATABASE target");
  });
}

async function onlyBackup(shelf: string): Promise<string> {
  for await (const { name } of Deno.readDir(shelf)) if (/^\d{8}_/.test(name)) return join(shelf, name);
  throw new Error(`no backup in ${shelf}`);
}

function fastest<T>(rounds: readonly T[], seconds: (round: T) => number): T {
  return rounds.reduce((best, round) => seconds(round) < seconds(best) ? round : best);
}

/** A part of what a command measured of itself, milliseconds. */
function part(whole: Measured, way: string, milliseconds: number): Measured {
  return { way, seconds: milliseconds / 1000, memory: 0, output: whole.output };
}

function readPath({ output, way }: Measured, ...path: readonly string[]): number {
  let value: unknown = JSON.parse(output);
  for (const key of path) value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  if (typeof value !== "number") throw new Error(`no ${path.join(".")} in what ${way} printed`);
  return value;
}
