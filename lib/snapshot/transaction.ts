import type { Session } from "../connection/mod.ts";

/** How a transaction begins. */
export interface TransactionOptions {
  readonly isolation?: "READ COMMITTED" | "REPEATABLE READ";
  /** Milliseconds to wait for locks of others. */
  readonly lockTimeout: number;
}

/** Runs `work` in a transaction: all of it, or, when it throws, nothing. */
export async function inTransaction<T>(
  session: Session,
  options: TransactionOptions,
  work: () => Promise<T>,
): Promise<T> {
  await session.execute(
    `BEGIN ISOLATION LEVEL ${options.isolation ?? "READ COMMITTED"}; ` +
      `SET LOCAL lock_timeout = ${Math.max(0, Math.round(options.lockTimeout))}`,
  );
  try {
    const result = await work();
    await session.execute("COMMIT");
    return result;
  } catch (error) {
    // What failed matters more than a rollback on a lost connection, which the server does by itself.
    await session.execute("ROLLBACK").catch(() => {});
    throw error;
  }
}
