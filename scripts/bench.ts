/**
 * Measures pgstrata against pg_dump, in one run on one machine: `deno task bench [--scale 1] [--major 17]
 * [--only data,restore,tables,latency]`. Ratios count, not seconds.
 */
import { parseArgs } from "@std/cli/parse-args";
import { DisposableCluster, type ToolSet } from "../lib/postgres/mod.ts";
import { benchRestore } from "./bench_restore.ts";
import { inFolder, measure, type Measured, measurePgstrata, say, table } from "./bench_tools.ts";
import { DelayProxy } from "./delay_proxy.ts";
import { loadBenchData, manyTables } from "./fixtures/generate.ts";
import { ensureToolSet } from "./postgres_versions.ts";

/** Runs of `pg_dump -t` that stand for all where there are thousands: the naive way would take an hour. */
const NAIVE_SAMPLE = 40;

async function main(): Promise<void> {
  const args = parseArgs(Deno.args, { string: ["scale", "major", "only", "tables"] });
  const scale = Number(args.scale ?? 1);
  const only = String(args.only ?? "data,restore,tables,latency").split(",");
  const tools = await ensureToolSet(Number(args.major ?? 17));
  await using cluster = await DisposableCluster.start({
    tools,
    tcp: true,
    settings: { max_locks_per_transaction: "512" },
  });
  const bench = new Bench(cluster, tools);
  if (only.includes("data") || only.includes("restore")) await bench.data(scale, only);
  if (only.includes("tables")) await bench.manyTables(Number(args.tables ?? 2000));
  if (only.includes("latency")) await bench.latency();
}

class Bench {
  constructor(private readonly cluster: DisposableCluster, private readonly tools: ToolSet) {}

  async data(scale: number, parts: readonly string[]): Promise<void> {
    say(`\nLoading ${(1.8 * scale).toFixed(1)} GB: 10 schemas, 200 tables …`);
    const url = await this.#database("bench");
    await loadBenchData(this.cluster, "bench", scale);
    await this.cluster.psql("CHECKPOINT");
    if (parts.includes("restore")) await benchRestore(this.cluster, this.tools, "bench");
    if (parts.includes("data")) await this.#backup(url, scale);
    await this.cluster.psql("DROP DATABASE bench");
  }

  async #backup(url: string, scale: number): Promise<void> {
    const results: Measured[] = [];
    results.push(await this.#pgDump("pg_dump -Fc", ["-Fc", "-f", "out.dump"], url));
    results.push(
      await this.#pgDump("pg_dump -Fc --compress=zstd:3", ["-Fc", "--compress=zstd:3", "-f", "out.dump"], url),
    );
    results.push(
      await this.#pgDump("pg_dump -Fd -j2 --compress=zstd:3", ["-Fd", "-j2", "--compress=zstd:3", "-f", "out"], url),
    );
    results.push(await this.#pgstrata("pgstrata backup (three tiers)", url));
    results.push(await this.#naive(url, null));
    table(`${(1.8 * scale).toFixed(1)} GB, 200 tables`, results, results[1] as Measured);
  }

  async manyTables(count: number): Promise<void> {
    say(`\nMaking ${count} small tables …`);
    const url = await this.#database("many");
    await this.cluster.psql(manyTables(count), { database: "many" });
    const results = [
      await this.#pgDump("pg_dump -Fc --compress=zstd:3", ["-Fc", "--compress=zstd:3", "-f", "out.dump"], url),
      await this.#pgstrata("pgstrata backup (three tiers)", url),
      await this.#naive(url, NAIVE_SAMPLE),
    ];
    table(`${count} small tables`, results, results[0] as Measured);
    await this.cluster.psql("DROP DATABASE many");
  }

  async latency(): Promise<void> {
    say("\nMaking 200 small tables behind a proxy that adds 20 ms each way …");
    await this.#database("far");
    await this.cluster.psql(manyTables(200), { database: "far" });
    const near = new URL(this.cluster.url("far", "tcp"));
    using proxy = new DelayProxy({ hostname: "127.0.0.1", port: Number(near.port) }, 20);
    near.port = String(proxy.port);
    const url = near.href;
    const results = [
      await this.#pgDump("pg_dump -Fc --compress=zstd:3", ["-Fc", "--compress=zstd:3", "-f", "out.dump"], url),
      await this.#pgstrata("pgstrata backup (three tiers)", url),
      await this.#naive(url, NAIVE_SAMPLE),
    ];
    table("200 small tables, 20 ms each way", results, results[0] as Measured);
  }

  async #database(name: string): Promise<string> {
    await this.cluster.psql(`CREATE DATABASE ${name}`);
    return this.cluster.url(name);
  }

  #pgDump(way: string, args: readonly string[], url: string): Promise<Measured> {
    return inFolder((cwd) => measure(way, this.tools.program("pg_dump"), [...args, url], cwd));
  }

  #pgstrata(way: string, url: string): Promise<Measured> {
    const { tools } = this;
    return inFolder((cwd) => measurePgstrata(way, ["backup", "--url-env", "BENCH_URL"], { cwd, url, tools }));
  }

  /** The obvious way: the database, each schema, and each table twice. */
  async #naive(url: string, sample: number | null): Promise<Measured> {
    const pgDump = this.tools.program("pg_dump");
    const list = async (sql: string) => (await this.#query(url, sql)).trim().split("\n");
    const schemas = await list("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema'");
    const tables = await list(
      "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^pg_|^inf'",
    );
    const chosen = sample === null
      ? tables
      : tables.filter((_, index) => index % Math.ceil(tables.length / sample) === 0);
    return await inFolder(async (cwd) => {
      const zstd = "--compress=zstd:3";
      const run = async (args: readonly string[]) => (await measure("", pgDump, [...args, url], cwd)).seconds;
      let whole = await run(["-Fc", zstd, "-f", "full.dump"]);
      for (const schema of schemas) whole += await run(["-Fc", zstd, "-n", schema, "-f", `${schema}.dump`]);
      let each = 0;
      for (const name of chosen) {
        each += await run(["-s", "-t", name, "-f", "schema.sql"]);
        each += await run(["-a", "-t", name, "-f", "data.sql"]);
      }
      const seconds = whole + each * tables.length / chosen.length;
      const way = "pg_dump for all, each schema, each table twice";
      const rest = { way, seconds, memory: 0, output: "" };
      return sample === null
        ? rest
        : { ...rest, note: `tables extrapolated from ${chosen.length} of ${tables.length}` };
    });
  }

  async #query(url: string, sql: string): Promise<string> {
    const { stdout } = await new Deno.Command(this.tools.program("psql"), { args: ["-XAtc", sql, url] }).output();
    return new TextDecoder().decode(stdout);
  }
}

if (import.meta.main) await main();
