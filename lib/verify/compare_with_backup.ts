import type { Toc } from "../archive/mod.ts";
import { PgstrataError, qualifiedName } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import type { Target } from "../connection/mod.ts";
import { chooseToolSet, findToolSets, type ToolSet } from "../postgres/mod.ts";
import { compareDescriptions } from "./compare_descriptions.ts";
import type { CompareOptions } from "./compare_options.ts";
import type { Comparison } from "./comparison.ts";
import { type BackupDescription, describeBackup } from "./describe_backup.ts";
import { describeDatabase } from "./describe_database.ts";
import type { DescribedTable } from "./description.ts";
import { DrillServer } from "./drill_server.ts";
import { roundTrip } from "./normalise.ts";

/** COPY bytes from which on a table is read through a stream of its own. */
const LARGE_TABLE = 16 * 1024 * 1024;

/** What a caller that has a server at hand adds to {@linkcode CompareOptions}. */
export interface CompareMeans {
  /** Where definitions are restored once more; null starts a server for it. */
  readonly server: DrillServer | null;
  /** Why encoding and locale cannot be as they were; they are then not compared. */
  readonly localeNote?: string | null;
  /** Tables whose rows could not be restored, by `tableKey`, with the reason. */
  readonly skippedTables?: ReadonlyMap<string, string>;
}

/**
 * Compares a database with the backup it was restored from: definitions, rows, sequences, large objects, owners,
 * privileges, policies, comments, extensions, view options, encoding and locale.
 *
 * The database is read once, by `pg_dump`, over one connection; memory does not grow with it.
 *
 * @param folder the backup's folder, which must hold what its manifest says (see `verifyBackup`)
 * @throws {PgstrataError} code `connection`, or `tool` when no pg_dump here can read the server
 */
export async function compareWithBackup(
  target: Target,
  folder: string,
  manifest: Manifest,
  options: CompareOptions,
  means: CompareMeans = { server: null },
): Promise<Comparison> {
  const { signal, env } = options;
  const tools = await readingTools(manifest, env);
  const expected = await describeBackup(folder, manifest, { tools, signal });
  await using found = await describeDatabase(target, {
    env,
    signal,
    tools,
    copySettings: manifest.copySettings,
    content: options.scope?.content === "schema-only" ? "schema-only" : "all",
    largeTables: largeTables(expected, options),
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const normalised = options.normalise === false
    ? () => Promise.resolve(null)
    : () => normalisedToc(folder, manifest, expected, found.tools, found.session.serverMajor, options, means);
  const comparison = await compareDescriptions(expected, found, {
    ...options,
    normalised,
    databaseFacts: (means.localeNote ?? null) === null,
    ...(means.skippedTables === undefined ? {} : { skippedTables: means.skippedTables }),
  });
  const unset = found.unsettable.map((setting) => ({
    category: "rows" as const,
    object: `the setting ${setting}`,
    reason: "this server does not take it: values that depend on it may be written differently",
  }));
  return { ...comparison, notCompared: [...comparison.notCompared, ...unset] };
}

/** Tables worth a stream of their own: those whose COPY statement is about themselves, and whose names are text. */
function largeTables(expected: BackupDescription, { scope }: CompareOptions): DescribedTable[] {
  if (expected.toc?.codec.name === "bytes") return [];
  return [...expected.tables.values()].filter(({ schema, name, copyStatement, content, copied }) =>
    content.bytes >= LARGE_TABLE && !copied && copyStatement.startsWith(`COPY ${qualifiedName(schema, name)} `) &&
    ((scope?.schemas ?? null) === null || scope?.schemas?.includes(schema)) &&
    ((scope?.tables ?? null) === null || scope?.tables?.some((table) => table.schema === schema && table.name === name))
  );
}

/** The client that made the backup, or the next newer one: equal programs write equal text. */
async function readingTools(manifest: Manifest, env: Readonly<Record<string, string>>): Promise<ToolSet> {
  const found = await findToolSets({ env, need: ["pg_dump", "pg_restore"] });
  return chooseToolSet(found, Number.parseInt(manifest.client.version), "client").tools;
}

async function normalisedToc(
  folder: string,
  manifest: Manifest,
  { archive }: BackupDescription,
  tools: ToolSet,
  major: number,
  { env, signal }: CompareOptions,
  { server }: CompareMeans,
): Promise<Toc | null> {
  if (archive === null) return null;
  const options = { folder, archive, manifest, tools, signal };
  if (server !== null) return await roundTrip(server, options);
  try {
    await using own = await DrillServer.start(folder, manifest, { env, signal, major });
    return await roundTrip(own, options);
  } catch (error) {
    signal.throwIfAborted();
    // Without a server on this machine, or where it cannot start, the differences are reported as they are.
    if (error instanceof PgstrataError) return null;
    throw error;
  }
}
