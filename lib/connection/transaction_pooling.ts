import { ConnectionError } from "./connection_error.ts";
import { maskedTarget } from "./masked_target.ts";
import type { Session } from "./session_contract.ts";

/**
 * Refuses a pooler that gives each transaction another server process. Which way a pooler works cannot be asked for; it
 * shows when a second client, while the first is connected and idle, gets the first one's server process. PgBouncer gives
 * out what was used last, so this finds it unless other clients are faster or it goes round (`server_round_robin`): what
 * passes is session pooling or luck.
 *
 * @param session idle, nothing was set in it yet
 * @param another opens a second session at the same place
 * @throws {ConnectionError} with the way out
 */
export async function refuseTransactionPooling(session: Session, another: () => Promise<Session>): Promise<void> {
  await using second = await another();
  if (second.backendPid !== session.backendPid) return;
  throw new ConnectionError(
    `Cannot use ${maskedTarget(session.target)}: it is a pooler in transaction mode`,
    "permanent",
    {
      hint:
        "A backup needs one server session from beginning to end: connect to the database itself (usually port 5432), " +
        "or to a pooler in session mode (PgBouncer: pool_mode = session).",
      context: { environment: session.target.environment, source: session.target.source },
    },
  );
}
