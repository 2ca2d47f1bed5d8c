import { quoteIdentifier } from "../base/mod.ts";
import { QueryError } from "./connection_error.ts";
import { openSession } from "./session.ts";
import type { Session } from "./session_contract.ts";

/** PostgreSQL: `ERRCODE_OBJECT_IN_USE`. */
const IN_USE = "55006";

const SUBSCRIPTIONS = `
SELECT subname AS name FROM pg_catalog.pg_subscription
WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`;

/**
 * Drops a database that was made for a restore, whoever is connected; one that is not there is fine. Subscriptions that
 * the backup held keep it from being dropped: they were never enabled, and go without a word to any publisher.
 *
 * @param session in another database of the server
 */
export async function dropRestoredDatabase(session: Session, name: string): Promise<void> {
  const drop = () => session.execute(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
  try {
    return await drop();
  } catch (error) {
    if (!(error instanceof QueryError) || error.sqlstate !== IN_USE) throw error;
    await dropSubscriptions(session, name);
  }
  await drop();
}

async function dropSubscriptions(session: Session, database: string): Promise<void> {
  await using inside = await openSession({ ...session.target, database });
  await inside.execute("SET default_transaction_read_only = off");
  for (const { name } of await inside.query<{ name: string }>(SUBSCRIPTIONS)) {
    const subscription = `SUBSCRIPTION ${quoteIdentifier(name)}`;
    await inside.execute(`ALTER ${subscription} DISABLE`);
    await inside.execute(`ALTER ${subscription} SET (slot_name = NONE)`);
    await inside.execute(`DROP ${subscription}`);
  }
}
