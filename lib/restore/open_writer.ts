import { openSession, type PinnedTarget, type Session, type SessionOptions } from "../connection/mod.ts";

/**
 * Settings of a database or role that PostgreSQL's programs are not to begin with: a restore is asked for by name, so that
 * what keeps others from writing by mistake must not end it half-way.
 */
export const WRITING: Readonly<Record<string, string>> = { default_transaction_read_only: "off" };

/** A session that may write, even where transactions are read-only unless they say otherwise. */
export async function openWriter(target: PinnedTarget, options: SessionOptions = {}): Promise<Session> {
  const session = await openSession(target, options);
  try {
    await session.execute("SET default_transaction_read_only = off");
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}
