import { PgstrataError, quoteIdentifier } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";

/** SQLSTATE of a database that somebody is connected to. */
const IN_USE = "55006";

/** How often the others are sent away before it is given up. */
const ATTEMPTS = 5;

const OTHERS = `
SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid()`;

/**
 * Gives a new database the name of a living one, which gets another, in one transaction: there is no moment without a
 * database of that name, and whoever kills us leaves the old state or the new.
 *
 * Renaming locks the database, so that nobody new gets in, and waits five seconds for those that are in it
 * (PostgreSQL: `CountOtherDBBackends`); meanwhile a second session ends them.
 *
 * @param session in another database
 * @param second in another database, too
 * @throws {PgstrataError} code `refused` when sessions cannot be ended; nothing was changed
 */
export async function swapDatabases(
  session: Session,
  second: Session,
  names: { readonly living: string; readonly fresh: string; readonly before: string },
): Promise<void> {
  const [living, fresh, before] = [names.living, names.fresh, names.before].map(quoteIdentifier);
  for (let attempt = 1;; attempt++) {
    await session.execute("BEGIN");
    try {
      const renaming = session.execute(
        `ALTER DATABASE ${living} RENAME TO ${before}; ALTER DATABASE ${fresh} RENAME TO ${living}`,
      );
      const [result] = await Promise.allSettled([renaming, endOthers(second, names)]);
      if (result.status === "rejected") throw result.reason;
      await session.execute("COMMIT");
      return;
    } catch (error) {
      await session.execute("ROLLBACK").catch(() => {});
      const inUse = error instanceof QueryError && error.sqlstate === IN_USE;
      if (inUse && attempt < ATTEMPTS) continue;
      throw new PgstrataError(`Cannot put the restored database in place of ${names.living}: it is in use`, {
        code: "refused",
        cause: error instanceof QueryError ? new Error(error.serverMessage) : error,
        hint:
          "End the sessions that use it (pg_stat_activity), or restore as a role that may: one with pg_signal_backend.",
      });
    }
  }
}

async function endOthers(second: Session, { living, fresh }: { living: string; fresh: string }): Promise<void> {
  for (const name of [living, fresh]) await second.query(OTHERS, [name]).catch(() => {});
}
