import { PgstrataError, quoteIdentifier, quoteLiteral, type RetryPolicy } from "../base/mod.ts";
import { ConnectionError, type PinnedTarget, QueryError, type Session } from "../connection/mod.ts";
import type { ServerFacts } from "../inventory/mod.ts";
import { openWriter } from "./open_writer.ts";

/** Databases that every cluster has and that one can connect to while another is created or renamed. */
const MAINTENANCE = ["postgres", "template1"];

/** One try: the other database is asked next. */
const ONCE: RetryPolicy = { attempts: 1, firstWait: 1, longestWait: 1 };

/** A server that was stopped in the middle may be back in a moment. */
export const PATIENT: RetryPolicy = { attempts: 8, firstWait: 300, longestWait: 2_000 };

/** A target with another database. */
export function inDatabase(target: PinnedTarget, database: string): PinnedTarget {
  return { ...target, database };
}

/**
 * A session in a database of the same server that is not the target's.
 *
 * @throws {ConnectionError} when none lets this role in
 */
export async function openMaintenance(
  target: PinnedTarget,
  signal: AbortSignal,
  retry: RetryPolicy = ONCE,
): Promise<Session> {
  let first: unknown;
  for (const database of MAINTENANCE.filter((name) => name !== target.database)) {
    try {
      return await openWriter(inDatabase(target, database), { signal, retry });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ConnectionError)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** What a new database is made like. */
export type DatabaseShape = Pick<ServerFacts, "encoding" | "collate" | "ctype" | "localeProvider" | "locale">;

/**
 * Creates an empty database.
 *
 * @throws {PgstrataError} when the server refuses, for example since it does not have the locale
 */
export async function createDatabase(session: Session, name: string, shape: DatabaseShape): Promise<void> {
  const options = [
    "TEMPLATE template0",
    `ENCODING ${quoteLiteral(shape.encoding)}`,
    `LC_COLLATE ${quoteLiteral(shape.collate)}`,
    `LC_CTYPE ${quoteLiteral(shape.ctype)}`,
  ];
  if (session.serverMajor >= 15 && shape.localeProvider !== "libc") {
    const locale = shape.localeProvider === "icu" ? "ICU_LOCALE" : "BUILTIN_LOCALE";
    options.push(`LOCALE_PROVIDER ${shape.localeProvider}`);
    if (shape.locale !== null) options.push(`${locale} ${quoteLiteral(shape.locale)}`);
  }
  try {
    await session.execute(`CREATE DATABASE ${quoteIdentifier(name)} ${options.join(" ")}`);
  } catch (cause) {
    if (!(cause instanceof QueryError)) throw cause;
    throw new PgstrataError(`Cannot create database ${name}: the server refused`, {
      cause: new Error(cause.serverMessage),
      context: { encoding: shape.encoding, locale: shape.locale ?? shape.collate },
      hint: "Create it by hand with a locale that the server has, and restore into it.",
    });
  }
}

/** A name made of a database's and a suffix, cut to PostgreSQL's 63 bytes. */
export function databaseName(base: string, suffix: string): string {
  const room = 63 - new TextEncoder().encode(suffix).length;
  let cut = base;
  while (new TextEncoder().encode(cut).length > room) cut = cut.slice(0, -1);
  return cut + suffix;
}
