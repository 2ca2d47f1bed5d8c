import { quoteLiteral } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import { ProcessError, runProcess } from "../system/mod.ts";
import { type CopyContent, CopyDigest } from "./copy_digest.ts";
import { type DescribedTable, tableKey } from "./description.ts";

/** The settings that pg_dump makes for itself (PostgreSQL: `setup_connection`), so that COPY writes the same text. */
const SETTINGS =
  "SET DateStyle = ISO; SET IntervalStyle = postgres; SET extra_float_digits = 3; SET row_security = off; " +
  "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; " +
  "SET synchronize_seqscans = off; SET search_path = ''";

/** What reading large tables beside pg_dump needs. */
export interface ReadRowsOptions {
  readonly tools: ToolSet;
  readonly environment: Readonly<Record<string, string>>;
  /** Of the database: COPY text is read in it, as pg_dump does. */
  readonly encoding: string;
  /** Exported by a transaction that is still open. */
  readonly snapshot: string;
  /** Streams at a time. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (bytes: number) => void;
}

/**
 * Counts and hashes the rows of some tables, several at a time, each through a `psql` of its own: on large tables that
 * is faster than one pg_dump by as many processors as there are.
 *
 * @returns by `tableKey`; tables that are not there, or lack a column, are not in it
 */
export async function readRows(
  tables: readonly DescribedTable[],
  options: ReadRowsOptions,
): Promise<Map<string, DescribedTable>> {
  const found = new Map<string, DescribedTable>();
  const left = tables.toSorted((a, b) => b.content.bytes - a.content.bytes).values();
  await Promise.all(Array.from({ length: Math.min(options.jobs, tables.length) }, async () => {
    for (const table of left) {
      const content = await copyTable(table, options);
      if (content !== null) found.set(tableKey(table.schema, table.name), { ...table, content });
    }
  }));
  return found;
}

async function copyTable(
  { copyStatement }: DescribedTable,
  { tools, environment, encoding, snapshot, signal, onProgress }: ReadRowsOptions,
): Promise<CopyContent | null> {
  const digest = new CopyDigest(false);
  const source = copyStatement.replace(/ FROM stdin;\n$/, "");
  const commands = [
    SETTINGS,
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    `SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`,
    `${source} TO STDOUT WITH (ENCODING ${quoteLiteral(encoding)})`,
  ];
  try {
    await runProcess({
      program: tools.program("psql"),
      args: [
        ...["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"],
        ...commands.map((command) => `--command=${command}`),
      ],
      env: environment,
      signal,
    }, (bytes) => {
      digest.push(bytes);
      onProgress(bytes.length);
    });
  } catch (error) {
    // Undefined table or column: the comparison says so, object by object.
    if (error instanceof ProcessError && /ERROR: {2}(?:relation|column|schema) .* does not exist/.test(error.stderr)) {
      return null;
    }
    throw error;
  }
  return digest.end();
}

/** Exports a snapshot on a session, in a transaction that lasts until `release`. */
export async function exportSnapshot(
  session: Session,
): Promise<{ readonly id: string; readonly release: () => Promise<void> }> {
  await session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const [row] = await session.query<{ id: string }>("SELECT pg_catalog.pg_export_snapshot() AS id");
  return { id: row?.id ?? "", release: () => session.execute("COMMIT") };
}
