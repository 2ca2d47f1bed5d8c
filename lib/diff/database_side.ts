import { messageOf, qualifiedName, quoteIdentifier, quoteLiteral } from "../base/mod.ts";
import { maskedHost, type Session, type Target, toolEnvironment } from "../connection/mod.ts";
import { dumpEnvironment, readServerFacts } from "../inventory/mod.ts";
import { dumpError, dumpGlobals, type ToolSet } from "../postgres/mod.ts";
import { TempFolder } from "../system/mod.ts";
import { describeDatabase, type LiveDescription } from "../verify/mod.ts";
import type { DiffSide, RowSource } from "./side.ts";

/** How a living database is read. */
export interface DatabaseSideOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** ISO time now. */
  readonly at: string;
  /** Settings the other side's COPY text was written under. */
  readonly copySettings?: Readonly<Record<string, string>>;
  /** Whether rows are read. Without them tables are not compared, except by `rowsOf`. */
  readonly rows: boolean;
  /** pg_dump of the other side, if it can read this server: equal programs write equal text. */
  readonly tools?: ToolSet;
  readonly onProgress?: (bytes: number) => void;
}

/**
 * A living database as one side: read once by pg_dump, in one snapshot. Dispose of it to end the session.
 *
 * @throws {PgstrataError} code `connection`, or `tool` when no pg_dump here can read the server
 */
export async function openDatabaseSide(target: Target, options: DatabaseSideOptions): Promise<DiffSide> {
  const live = await describeDatabase(target, {
    env: options.env,
    signal: options.signal,
    content: options.rows ? "all" : "schema-only",
    ...(options.copySettings === undefined ? {} : { copySettings: options.copySettings }),
    ...(options.tools === undefined ? {} : { tools: options.tools }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  try {
    return await sideOf(live, target, options);
  } catch (error) {
    await live[Symbol.asyncDispose]();
    throw error;
  }
}

async function sideOf(live: LiveDescription, target: Target, options: DatabaseSideOptions): Promise<DiffSide> {
  const { session } = live;
  const server = await readServerFacts(session);
  const { roles, problem } = await readRoles(live, options.signal);
  return {
    facts: {
      kind: "database",
      name: target.environment,
      at: options.at,
      environment: target.environment,
      database: server.database,
      host: maskedHost(target),
      serverVersion: server.version,
      clientVersion: live.tools.version,
      status: null,
      databaseBytes: server.databaseBytes,
      backupBytes: null,
    },
    description: live,
    roles,
    copySettings: { ...server.copySettings },
    notes: [
      ...live.unsettable.map((setting) => `this server does not take ${setting}: values may be written differently`),
      ...(problem === null ? [] : [`roles of ${target.environment} could not be read: ${problem}`]),
    ],
    hasRows: options.rows,
    rowsOf: (schema, name) => liveRows(session, schema, name, server.encoding),
    [Symbol.asyncDispose]: () => live[Symbol.asyncDispose](),
  };
}

/** Columns that COPY writes: no generated ones. */
const COLUMNS = `
SELECT a.attname::text AS name
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
   AND a.attgenerated = ''
 ORDER BY a.attnum`;

async function liveRows(session: Session, schema: string, name: string, encoding: string): Promise<RowSource | null> {
  const columns = (await session.query<{ name: string }>(COLUMNS, [schema, name])).map((row) => row.name);
  if (columns.length === 0) return null;
  const list = columns.map(quoteIdentifier).join(", ");
  const copy = `COPY ${qualifiedName(schema, name)} (${list}) TO STDOUT WITH (ENCODING ${quoteLiteral(encoding)})`;
  return {
    columns,
    async read(onData) {
      for await (const chunk of session.copyOut(copy)) onData(chunk);
    },
  };
}

async function readRoles(
  live: LiveDescription,
  signal: AbortSignal,
): Promise<{ readonly roles: string | null; readonly problem: string | null }> {
  await using folder = await TempFolder.create();
  try {
    const environment = await toolEnvironment(live.session.target, folder.path);
    const roles = await dumpGlobals({
      tools: live.tools,
      environment: await dumpEnvironment(live.session, environment, live.encoding),
      database: live.database,
      passwords: false,
      signal,
    });
    return { roles, problem: null };
  } catch (error) {
    signal.throwIfAborted();
    return { roles: null, problem: messageOf(dumpError(error)) };
  }
}
