/** What tests of restores share: backups of fixtures, a restore with everything around it faked, and pg_dump as the judge. */
import { systemClock } from "../../lib/base/mod.ts";
import { runBackup } from "../../lib/backup/mod.ts";
import { parseConnectionString, type Target } from "../../lib/connection/mod.ts";
import {
  type RestoreDeps,
  type RestoreOptions,
  type RestorePlan,
  type RestoreReport,
  runRestore,
} from "../../lib/restore/mod.ts";
import { processText } from "../../lib/system/mod.ts";
import { type TestDatabase, type TestServer } from "../../scripts/test_server.ts";

/** Variables that lead to the server's own programs. */
export function envOf(server: TestServer): Record<string, string> {
  return { PGSTRATA_PG_BIN: server.tools.folder, PATH: Deno.env.get("PATH") ?? "" };
}

/** A target by its URL. */
export function targetOf(url: string): Target {
  return parseConnectionString(url, { environment: "url", source: "--to", env: {} });
}

const folders: string[] = [];
addEventListener("unload", () => {
  for (const folder of folders) Deno.removeSync(folder, { recursive: true });
});

/** A folder that goes with the process. */
export async function scratchFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "pgstrata-restore-test-" });
  folders.push(folder);
  return folder;
}

/** Backs a database up; gives the backup's folder. */
export async function backUp(
  server: TestServer,
  url: string,
  given: Partial<Parameters<typeof runBackup>[0]> = {},
): Promise<string> {
  const { folder } = await runBackup({
    target: targetOf(url),
    label: null,
    shelf: await scratchFolder(),
    layout: "runbook",
    severalEnvironments: false,
    tiers: ["full", "schema", "table"],
    engine: "archive",
    jobs: 2,
    maxConnections: null,
    compression: null,
    selection: { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] },
    content: "all",
    privileges: true,
    blobs: false,
    skipUnreadable: false,
    lockWaitTimeout: 10_000,
    expectedOmissions: [],
    ...given,
  }, {
    clock: systemClock,
    env: envOf(server),
    signal: new AbortController().signal,
    onEvent: () => {},
    renderSummary: () => "",
    version: "0",
  });
  return folder;
}

/** A restore whose surroundings say yes to everything, unless a test hands in something else. */
export async function restore(
  server: TestServer,
  folder: string,
  url: string,
  options: Partial<RestoreOptions> = {},
  deps: Partial<RestoreDeps> = {},
): Promise<RestoreReport & { readonly plans: readonly RestorePlan[] }> {
  const plans: RestorePlan[] = [];
  const report = await runRestore({
    folder,
    target: targetOf(url),
    schemas: [],
    tables: [],
    content: "all",
    tier: null,
    clean: false,
    createDatabase: false,
    intoSchema: null,
    inPlace: false,
    jobs: 2,
    owners: null,
    privileges: true,
    roles: true,
    compare: true,
    safetyBackup: true,
    force: false,
    cron: "inactive",
    lockTimeout: 10_000,
    ...options,
  }, {
    clock: systemClock,
    env: envOf(server),
    signal: new AbortController().signal,
    onEvent: () => {},
    verify: () => Promise.resolve([]),
    compare: () => Promise.resolve({ equal: true, differences: [], notCompared: [], compared: {}, rows: 0 }),
    safetyBackup: () => Promise.resolve("/nowhere/pre_restore"),
    confirm: (plan) => Promise.resolve(void plans.push(plan)),
    ...deps,
  });
  return { ...report, plans };
}

/** Which part of a database pg_dump is asked for. */
export interface DumpPart {
  readonly excludeSchemas?: readonly string[];
  readonly schemas?: readonly string[];
  readonly tables?: readonly string[];
  readonly args?: readonly string[];
}

/** A database as pg_dump writes it, rows sorted: what two equal databases have in common, comments of head left out. */
export async function dumpText(
  server: TestServer,
  database: TestDatabase | { name: string },
  part: DumpPart = {},
): Promise<string> {
  const text = await processText({
    program: server.tools.program("pg_dump"),
    args: [
      ...(part.excludeSchemas ?? []).map((name) => `--exclude-schema=${name}`),
      ...(part.schemas ?? []).map((name) => `--schema=${name}`),
      ...(part.tables ?? []).map((name) => `--table=${name}`),
      ...part.args ?? [],
    ],
    env: server.cluster.env(database.name),
  });
  return sortRows(text).replaceAll(/^\\(?:un)?restrict .*$/gm, "").replaceAll(/^-- Dumped .*$/gm, "");
}

/** Restores keep no order of rows. */
function sortRows(text: string): string {
  const lines: string[] = [];
  let rows: string[] | null = null;
  for (const line of text.split("\n")) {
    if (rows === null) {
      lines.push(line);
      if (/^COPY .* FROM stdin;$/.test(line)) rows = [];
    } else if (line === "\\.") {
      lines.push(...rows.sort(), line);
      rows = null;
    } else rows.push(line);
  }
  return lines.join("\n");
}

/** Lines that only one of two texts has, the first few: a diff that fits on a screen. Empty when the texts are equal. */
export function differingLines(found: string, expected: string): string[] {
  if (found === expected) return [];
  const count = (text: string) => Map.groupBy(text.split("\n"), (line) => line);
  const [here, there] = [count(found), count(expected)];
  const only = (one: typeof here, other: typeof here, mark: string) =>
    [...one].flatMap(([line, all]) =>
      Array(Math.max(0, all.length - (other.get(line)?.length ?? 0))).fill(`${mark} ${line}`)
    );
  const lines = [...only(here, there, "+"), ...only(there, here, "-")];
  return lines.length === 0 ? ["the same lines in another order"] : lines.slice(0, 40);
}
