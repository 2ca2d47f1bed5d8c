import { type LargeObjectContent, largeObjectsDigest, type Toc } from "../archive/mod.ts";
import { quoteLiteral } from "../base/mod.ts";
import {
  openSession,
  pinTarget,
  QueryError,
  type Session,
  type Target,
  toolEnvironment,
  withSettings,
} from "../connection/mod.ts";
import {
  dumpEnvironment,
  readExtensionObjects,
  readExtensions,
  readPrivileges,
  readServerFacts,
  readViewOptions,
} from "../inventory/mod.ts";
import { chooseToolSet, findToolSets, type ToolSet } from "../postgres/mod.ts";
import { TempFolder } from "../system/mod.ts";
import type { CompareScope } from "./compare_options.ts";
import { dataArguments, dataPattern, isPart } from "./data_scope.ts";
import { type DescribedTable, type Description, localeText, tableKey } from "./description.ts";
import { type DumpReading, readDump } from "./read_dump.ts";
import { exportSnapshot, readRows } from "./read_rows.ts";
import { RowsDigest } from "./rows_digest.ts";

/** How a live database is described. */
export interface DescribeOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Settings that COPY text depends on, set for the reading (`copySettings` of a manifest). */
  readonly copySettings?: Readonly<Record<string, string>>;
  readonly content?: "all" | "schema-only" | "data-only";
  /** What is compared; rows of other tables are not read. Default: everything. */
  readonly scope?: CompareScope;
  /** pg_dump to use if it is new enough; default the one of the server's version. */
  readonly tools?: ToolSet;
  /** Large tables, as the other side describes them: read in parallel beside pg_dump. */
  readonly largeTables?: readonly DescribedTable[];
  readonly onProgress?: (bytes: number) => void;
}

/** A live database, described; its session stays open for {@linkcode Description.digestRows}. */
export interface LiveDescription extends Description, AsyncDisposable {
  readonly session: Session;
  readonly tools: ToolSet;
  /** Settings this server does not take, in words. */
  readonly unsettable: readonly string[];
}

/**
 * Describes a live database: one read by `pg_dump` for definitions, rows and large objects, a few queries for the rest.
 *
 * @throws {PgstrataError} code `connection`, or `tool` when no pg_dump here can read the server
 */
export async function describeDatabase(target: Target, options: DescribeOptions): Promise<LiveDescription> {
  await using stack = new AsyncDisposableStack();
  const { signal } = options;
  const pinned = await pinTarget(target, { signal });
  const session = stack.use(await openSession(pinned, { signal, applicationName: "pgstrata verify" }));
  const tools = options.tools !== undefined && options.tools.major >= session.serverMajor
    ? options.tools
    : await clientTools(options.env, session.serverMajor);
  const folder = stack.use(await TempFolder.create());
  const { settings, unsettable } = await applySettings(session, options.copySettings ?? {});
  const environment = await toolEnvironment(pinned, folder.path);
  const server = await readServerFacts(session);
  const forDump = await dumpEnvironment(session, withSettings(environment, settings), server.encoding);
  const { reading, large } = await read(session, tools, forDump, server.encoding, options);
  const parts = {
    toc: reading.toc,
    tables: new Map([...describedTables(reading.toc, reading.tables), ...large]),
    largeObjects: options.content === "schema-only" ? null : largeObjectsDigest(reading.largeObjects),
    privileges: (await readPrivileges(session)).map((row) => ({ ...row, acl: row.acl === null ? null : [...row.acl] })),
    extensions: await readExtensions(session),
    extensionObjects: new Set((await readExtensionObjects(session)).map(({ kind, object }) => `${kind}\0${object}`)),
    viewOptions: (await readViewOptions(session)).map((row) => ({ ...row, options: [...row.options] })),
    versionNumber: session.serverVersionNum,
    database: server.database,
    encoding: server.encoding,
    locale: localeText(server),
  };
  const owned = stack.move();
  // One session reads one COPY at a time, whoever asks for how many tables at once.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };
  return {
    ...parts,
    session,
    tools,
    unsettable,
    largeObjectList: (): Promise<readonly LargeObjectContent[]> => Promise.resolve(reading.largeObjects),
    digestRows: (copyStatement) => inTurn(() => digestLiveRows(session, copyStatement, server.encoding)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** One snapshot for everything: pg_dump's, and that of the large tables beside it. */
async function read(
  session: Session,
  tools: ToolSet,
  environment: Readonly<Record<string, string>>,
  encoding: string,
  options: DescribeOptions,
): Promise<{ reading: DumpReading; large: Map<string, DescribedTable> }> {
  const content = options.content ?? "all";
  let total = 0;
  const onProgress = (bytes: number) => options.onProgress?.(total += bytes);
  const common = { tools, environment, onProgress };
  const { scope } = options;
  const args = content === "schema-only" || scope === undefined || !isPart(scope)
    ? []
    : await dataArguments(session, scope);
  const largeTables = content === "schema-only" || !tools.has("psql") ? [] : options.largeTables ?? [];
  if (largeTables.length === 0) {
    return { reading: await readDump({ ...common, content, args, signal: options.signal }), large: new Map() };
  }
  const snapshot = await exportSnapshot(session);
  // The first to fail stops the others; all have ended when this returns.
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const stopping = <T>(work: Promise<T>) =>
    work.catch((error) => {
      failed.abort(error);
      throw error;
    });
  const excluded = largeTables.map(({ schema, name }) => `--exclude-table-data=${dataPattern(schema, [name])}`);
  const [reading, large] = await Promise.allSettled([
    stopping(readDump({ ...common, content, signal, args: [`--snapshot=${snapshot.id}`, ...args, ...excluded] })),
    stopping(readRows(largeTables, { ...common, encoding, snapshot: snapshot.id, jobs: jobCount(), signal })),
  ]);
  options.signal.throwIfAborted();
  if (reading.status === "rejected") throw failed.signal.reason;
  if (large.status === "rejected") throw failed.signal.reason;
  await snapshot.release();
  return { reading: reading.value, large: large.value };
}

/** Streams beside pg_dump. */
function jobCount(): number {
  return Math.max(2, Math.min(navigator.hardwareConcurrency, 4));
}

/** Client programs for a server. */
export async function clientTools(env: Readonly<Record<string, string>>, major: number): Promise<ToolSet> {
  return chooseToolSet(await findToolSets({ env, need: ["pg_dump", "pg_restore"] }), major, "client").tools;
}

/** Tables with rows, from a table of contents and what was read of each entry. */
export function describedTables(
  toc: Toc,
  contents: ReadonlyMap<number, DescribedTable["content"]>,
): Map<string, DescribedTable> {
  const tables = new Map<string, DescribedTable>();
  for (const entry of toc.entries) {
    const content = entry.desc === "TABLE DATA" ? contents.get(entry.dumpId) : undefined;
    if (content === undefined) continue;
    const schema = entry.namespace ?? "";
    const name = entry.tag ?? "";
    const copyStatement = entry.copyStmt ?? "";
    tables.set(tableKey(schema, name), { schema, name, copyStatement, content, copied: false });
  }
  return tables;
}

/** COPY of the rows that a COPY statement would load. A partition root can be read by SELECT only. */
async function digestLiveRows(session: Session, copyStatement: string, encoding: string): Promise<RowsDigest | null> {
  const match = /^COPY (.*?) ?(\((?:[^()"]|"(?:[^"]|"")*")*\))? FROM stdin;\n$/s.exec(copyStatement);
  if (match?.[1] === undefined) return null;
  const columns = match[2]?.slice(1, -1) ?? "";
  const [row] = await session.query<{ kind: string }>(
    "SELECT relkind::text AS kind FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass($1)",
    [match[1]],
  );
  if (row === undefined) return null;
  const source = row.kind === "p" ? `(SELECT ${columns} FROM ${match[1]})` : `${match[1]} ${match[2] ?? ""}`;
  const digest = new RowsDigest();
  try {
    // In the database's encoding, as pg_dump reads it; the session's own is UTF8.
    const copy = `COPY ${source} TO STDOUT WITH (ENCODING ${quoteLiteral(encoding)})`;
    for await (const chunk of session.copyOut(copy)) digest.push(chunk);
  } catch (error) {
    // A column is not there any more, or may not be read: the rows differ, whatever they are.
    if (error instanceof QueryError) return null;
    throw error;
  }
  return digest;
}

/** Sets what can be set; a locale of another machine may not exist on this one. */
async function applySettings(
  session: Session,
  wanted: Readonly<Record<string, string>>,
): Promise<{ settings: Record<string, string>; unsettable: string[] }> {
  const settings: Record<string, string> = {};
  const unsettable: string[] = [];
  for (const [name, value] of Object.entries(wanted)) {
    try {
      await session.query("SELECT pg_catalog.set_config($1, $2, false)", [name, value]);
      settings[name] = value;
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      unsettable.push(`${name} = ${value}`);
    }
  }
  return { settings, unsettable };
}
