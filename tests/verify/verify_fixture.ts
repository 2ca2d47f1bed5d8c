/** What tests of verify share: backups of small databases, restored copies, and how they are compared. */
import { join } from "@std/path";
import { systemClock } from "../../lib/base/mod.ts";
import type { Manifest } from "../../lib/catalog/mod.ts";
import type { ToolSet } from "../../lib/postgres/mod.ts";
import { processText } from "../../lib/system/mod.ts";
import {
  type CompareOptions,
  compareWithBackup,
  type Comparison,
  drillBackup,
  type DrillDeps,
  type DrillOptions,
  type DrillReport,
  type DrillTier,
  type VerifyDeps,
} from "../../lib/verify/mod.ts";
import type { TestDatabase, TestServer } from "../../scripts/test_server.ts";
import { backUp, testTarget } from "../backup/backup_fixture.ts";

/** A database with one of everything that a comparison has to look at. */
export const SMALL_DATABASE = `
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'verify_reader') THEN CREATE ROLE verify_reader; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'verify_owner') THEN CREATE ROLE verify_owner; END IF;
END $$;
CREATE SCHEMA app;
CREATE TABLE app.orders (id serial PRIMARY KEY, item text NOT NULL, secret text);
INSERT INTO app.orders (item, secret) SELECT 'item ' || i, md5(i::text) FROM generate_series(1, 300) i;
CREATE INDEX orders_item ON app.orders (item);
CREATE TABLE app.lines (order_id int REFERENCES app.orders, n int);
INSERT INTO app.lines SELECT i, i % 7 FROM generate_series(1, 200) i;
CREATE TABLE app.empty (a int);
CREATE VIEW app.seen WITH (security_barrier = true) AS SELECT id, item FROM app.orders;
CREATE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.orders FOR SELECT TO verify_reader USING (item <> 'item 1');
GRANT SELECT ON app.orders TO verify_reader;
GRANT SELECT (n) ON app.lines TO verify_reader;
GRANT USAGE ON SCHEMA app TO verify_reader;
ALTER TABLE app.lines OWNER TO verify_owner;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO verify_reader;
COMMENT ON TABLE app.orders IS 'what was ordered';
SELECT setval('app.orders_id_seq', 300);
CREATE TABLE public.files (id int, content oid);
INSERT INTO public.files VALUES (1, lo_from_bytea(4711, 'hello')), (2, lo_from_bytea(4712, repeat('x', 5000)::bytea));
`;

/** Everything that verifying needs; in this thread, with the server's own programs. */
export function verifyDeps(tools: ToolSet, given: Partial<VerifyDeps> = {}): VerifyDeps {
  return {
    clock: systemClock,
    env: { PGSTRATA_PG_BIN: tools.folder },
    signal: new AbortController().signal,
    workers: 0,
    ...given,
  };
}

/** A backup of a database made for a test, and where it stands. */
export interface MadeBackup {
  readonly folder: string;
  readonly manifest: Manifest;
}

const folders: string[] = [];
addEventListener("unload", () => {
  for (const folder of folders) Deno.removeSync(folder, { recursive: true });
});

/** A folder that goes with the process. */
export async function scratchFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "pgstrata-verify-test-" });
  folders.push(folder);
  return folder;
}

/** Backs a database up into a folder that goes with the process. */
export async function makeBackup(
  url: string,
  tools: ToolSet,
  changes: Parameters<typeof backUp>[3] = {},
): Promise<MadeBackup> {
  return await backUp(url, await scratchFolder(), tools, changes);
}

/** A database into which the full archive was restored by plain `pg_restore`. */
export async function restoredCopy(server: TestServer, { folder }: MadeBackup): Promise<TestDatabase> {
  const database = await server.createDatabase("empty");
  const args = ["--exit-on-error", `--dbname=${database.url}`, join(folder, "db_full.dump")];
  await processText({ program: server.tools.program("pg_restore"), args });
  return database;
}

/** Compares a database of the server with a backup. */
export async function compare(
  server: TestServer,
  url: string,
  { folder, manifest }: MadeBackup,
  options: Partial<CompareOptions> = {},
): Promise<Comparison> {
  return await compareWithBackup(testTarget(url), folder, manifest, {
    env: { PGSTRATA_PG_BIN: server.tools.folder },
    signal: new AbortController().signal,
    ...options,
  });
}

/** Drills a backup with the server's programs. */
export async function drill(
  tools: ToolSet,
  { folder, manifest }: MadeBackup,
  options: Partial<DrillOptions> = {},
  deps: Partial<DrillDeps> = {},
): Promise<DrillReport> {
  return await drillBackup({ folder, manifest, tiers: ["full"], target: null, jobs: 2, ...options }, {
    clock: systemClock,
    env: { PGSTRATA_PG_BIN: tools.folder },
    signal: new AbortController().signal,
    onEvent: () => {},
    ...deps,
  });
}

/** The three tiers. */
export const ALL_TIERS: readonly DrillTier[] = ["full", "schema", "table"];

/** What differs, tier by tier, with what could not be restored. */
export function outcome(report: DrillReport): string[] {
  return report.tiers.flatMap(({ tier, comparison, errors }) => [
    ...lines(comparison).map((line) => `${tier}: ${line}`),
    ...errors.map(({ object, message }) => `${tier}: error ${object}: ${message}`),
  ]);
}

/** Differences as short lines, for assertions. */
export function lines(comparison: Comparison): string[] {
  return comparison.differences.map(({ category, kind, object, detail }) => `${category} ${kind} ${object}: ${detail}`);
}

/** A copy of a folder that goes with the process. */
export async function copyOf(folder: string): Promise<string> {
  const copy = join(await scratchFolder(), "backup");
  await processText({ program: "cp", args: ["-a", folder, copy] });
  return copy;
}
