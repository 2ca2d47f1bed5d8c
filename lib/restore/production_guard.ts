import { PgstrataError } from "../base/mod.ts";
import {
  maskedTarget,
  openSession,
  type PinnedTarget,
  pinTarget,
  type Session,
  type Target,
} from "../connection/mod.ts";

/** One quick try. */
const ONCE = { attempts: 1, firstWait: 1, longestWait: 1 };

/** Milliseconds that asking production who it is may take. */
const PATIENCE = 15_000;

/**
 * Refuses the production database as a target, by whatever name or way it is reached: the same host and database as
 * written, the same address, the same Supabase project, or the same server by its own identifier.
 *
 * @throws {PgstrataError} code `refused`
 */
export async function refuseProduction(target: Target, production: Target, signal: AbortSignal): Promise<void> {
  if (target.environment === "prod" || await isSameDatabase(target, production, signal)) {
    throw new PgstrataError("Cannot restore: the target is the production database", {
      code: "refused",
      context: { target: maskedTarget(target), production: production.source },
      hint: "Restore into another database. If production is meant, say so: --allow-prod.",
    });
  }
}

/** Whether two targets are one database. What cannot be reached is judged by its name. */
export async function isSameDatabase(one: Target, other: Target, signal: AbortSignal): Promise<boolean> {
  if (one.database !== other.database) return false;
  if (one.projectRef !== undefined && one.projectRef === other.projectRef) return true;
  const places = (target: Target) => target.hosts.map(({ host, port }) => `${host.toLowerCase()}:${port}`);
  if (places(one).some((place) => places(other).includes(place))) return true;
  const soon = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  const [first, second] = await Promise.all(
    [one, other].map((target) => attempt(signal, () => pinTarget(target, { signal: soon, retry: ONCE }))),
  );
  if (first === undefined || second === undefined) return false;
  if (first.hostaddr !== undefined && first.hostaddr === second.hostaddr && first.port === second.port) return true;
  const [here, there] = await Promise.all([first, second].map((target) => identifier(target, soon, signal)));
  return here !== undefined && here === there;
}

async function identifier(target: PinnedTarget, soon: AbortSignal, signal: AbortSignal): Promise<string | undefined> {
  return await attempt(signal, async () => {
    await using session: Session = await openSession(target, { signal: soon, retry: ONCE });
    const [row] = await session.query<{ id: string }>(
      "SELECT system_identifier::pg_catalog.text AS id FROM pg_catalog.pg_control_system()",
    );
    return row?.id;
  });
}

async function attempt<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
