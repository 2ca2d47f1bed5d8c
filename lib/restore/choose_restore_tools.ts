import { archiveVersion, type Toc } from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";
import { chooseToolSet, findToolSets, type ToolSet } from "../postgres/mod.ts";

/** The first client that reads an archive of the minor version. */
const FIRST_CLIENT: Readonly<Record<number, number>> = { 14: 12, 15: 16, 16: 17 };

/** First minor release of each major whose psql knows `\restrict`; later majors have it from the start. */
const RESTRICT_SINCE: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };

/** The programs of a restore. */
export interface RestoreTools {
  /** With the `pg_restore` that reads the archive and suits the server. */
  readonly tools: ToolSet;
  /** Any psql that knows `\\restrict`, the nearest to the server's version; else that of `tools`. */
  readonly psql: ToolSet;
}

/**
 * Finds `pg_restore` and `psql` that read the archive and suit the server.
 *
 * @param toc null when no archive is read
 * @throws {PgstrataError} code `tool` when there are none, or when those that read the archive are too new for the server
 */
export async function chooseRestoreTools(
  env: Readonly<Record<string, string>>,
  serverMajor: number,
  toc: Toc | null,
): Promise<RestoreTools> {
  const found = await findToolSets({ env, need: ["pg_restore", "psql"] });
  const first = toc === null ? serverMajor : FIRST_CLIENT[toc.header.minor] ?? serverMajor;
  const { tools } = chooseToolSet(found, Math.max(serverMajor, first), "client");
  // 17 and newer begin with `SET transaction_timeout`, which older servers refuse.
  if (tools.major >= 17 && serverMajor < 17 && toc !== null) {
    throw new PgstrataError(`Cannot restore into PostgreSQL ${serverMajor}: the backup was read by a newer client`, {
      code: "tool",
      context: { archive: archiveVersion(toc.header), client: tools.version },
      hint: first > serverMajor
        ? `Restore into PostgreSQL ${first} or newer, or from the table tier (--tier table).`
        : `Install the client of PostgreSQL ${serverMajor}: the one found here is too new for this server.`,
    });
  }
  const safe = found.filter(knowsRestrict);
  const psql = knowsRestrict(tools) ? tools : safe.find(({ major }) => major >= serverMajor) ?? safe.at(-1) ?? tools;
  return { tools, psql };
}

/** Whether `psql` refuses commands between `\\restrict` and `\\unrestrict`, and `pg_restore` writes that frame. */
export function knowsRestrict({ major, version }: ToolSet): boolean {
  const minor = Number(/^\d+\.(\d+)/.exec(version)?.[1] ?? Infinity);
  return minor >= (RESTRICT_SINCE[major] ?? (major < 13 ? Infinity : 0));
}

/**
 * Checks that a script can be run without the power to run commands of psql.
 *
 * @throws {PgstrataError} code `tool` when psql is too old for `\restrict`
 */
export function requireRestrict(tools: ToolSet): void {
  if (knowsRestrict(tools)) return;
  const since = RESTRICT_SINCE[tools.major];
  throw new PgstrataError(`Cannot restore with psql ${tools.version}: it would run commands that stand in a backup`, {
    code: "tool",
    hint: `Update PostgreSQL's client programs${since === undefined ? "" : ` to ${tools.major}.${since} or newer`}.`,
  });
}
