import { openSession, type PinnedTarget, type Session } from "../connection/mod.ts";
import { PATIENT } from "./maintenance.ts";

/** A transaction of psql, as it told of itself. */
export interface OpenTransaction {
  /** Server process. */
  readonly pid: number;
  /** `txid_current()`. */
  readonly id: string;
}

/** What became of a transaction. */
export type TransactionFate = "committed" | "undone" | "unknown";

/** Milliseconds to wait for a server process to finish its COMMIT, or to end. */
const PATIENCE = 10_000;

// By its transaction, so that no other process that has got the number is meant.
const END = `
SELECT pg_catalog.pg_terminate_backend(pid), backend_start::pg_catalog.text AS since FROM pg_catalog.pg_stat_activity
WHERE pid = $1 AND backend_xid::pg_catalog.text = ($2::pg_catalog.int8 % 4294967296)::pg_catalog.text`;

const THERE = "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = $1 AND backend_start::pg_catalog.text = $2";

/**
 * Finds out what became of a transaction whose psql has failed, been ended or lost its connection: the server may have
 * committed all the same, if COMMIT was on its way. Before that, what the server process still does is of no use: it is
 * ended, so that its locks go at once and not when its statement is through.
 */
export async function transactionFate(
  target: PinnedTarget,
  transaction: OpenTransaction | null,
  commitSent: boolean,
): Promise<TransactionFate> {
  if (transaction === null) return "undone";
  // The signal that may have stopped us must not stop this.
  const { signal } = new AbortController();
  try {
    await using session = await openSession(target, { signal, retry: PATIENT });
    if (!commitSent) {
      await endBackend(session, transaction);
      return "undone";
    }
    for (const deadline = performance.now() + PATIENCE;;) {
      const [row] = await session.query<{ status: string | null }>(
        "SELECT pg_catalog.txid_status($1::pg_catalog.int8) AS status",
        [transaction.id],
      );
      if (row?.status === "committed") return "committed";
      if (row?.status === "aborted") return "undone";
      if (performance.now() > deadline) return "unknown";
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } catch {
    return commitSent ? "unknown" : "undone";
  }
}

/** Ends a server process and waits until it has: what it locks is free then. The request alone is no more than a signal. */
async function endBackend(session: Session, { pid, id }: OpenTransaction): Promise<void> {
  const [ended] = await session.query<{ since: string }>(END, [pid, id]);
  if (ended === undefined) return;
  for (const deadline = performance.now() + PATIENCE; performance.now() < deadline;) {
    if ((await session.query(THERE, [pid, ended.since])).length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
