import type { Session } from "../connection/mod.ts";

/** A session that keeps another waiting. */
export interface Blocker {
  /** 0 for a prepared transaction, which has no process. */
  readonly pid: number;
  readonly user: string;
  readonly application: string;
  /** `active`, `idle in transaction` … */
  readonly state: string;
  /** What it runs or ran last, at most 120 characters on one line. */
  readonly query: string;
  /** What is waited for, qualified and quoted; null when it is no relation. */
  readonly relation: string | null;
}

/** Milliseconds between two looks. */
const INTERVAL = 1_000;

const BLOCKERS = `
SELECT b.pid, COALESCE(a.usename, '')::pg_catalog.text AS user, COALESCE(a.application_name, '') AS application,
  COALESCE(a.state, 'unknown') AS state,
  pg_catalog.left(pg_catalog.regexp_replace(COALESCE(a.query, ''), '\\s+', ' ', 'g'), 120) AS query,
  (SELECT l.relation::pg_catalog.regclass::pg_catalog.text FROM pg_catalog.pg_locks AS l
   WHERE l.pid = $1 AND NOT l.granted AND l.relation IS NOT NULL LIMIT 1) AS relation
FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) AS b (pid)
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = b.pid`;

/** Looks who keeps a server process waiting, while it works. */
export class LockWatch implements AsyncDisposable {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;
  #told = "";
  /** Who was in the way when it was looked last and somebody was. */
  blockers: readonly Blocker[] = [];

  /**
   * @param session looks on; it must be free
   * @param pid the process that works
   * @param patience milliseconds it waits for a lock: it is looked more often than that
   * @param onWait told when somebody new is in the way
   */
  constructor(
    private readonly session: Session,
    private readonly pid: number,
    private readonly patience: number,
    private readonly onWait: (text: string) => void,
  ) {
    this.#plan();
  }

  #plan(): void {
    // A patience of 0 is endless, as in PostgreSQL.
    const wait = this.patience === 0 ? INTERVAL : Math.max(50, Math.min(INTERVAL, this.patience / 4));
    this.#timer = setTimeout(() => this.#looking = this.#look(), wait);
  }

  async #look(): Promise<void> {
    try {
      const found = await this.session.query<Blocker>(BLOCKERS, [this.pid]);
      if (found.length > 0) this.blockers = found;
      const key = found.map(({ pid }) => pid).join();
      if (found.length > 0 && key !== this.#told) {
        this.onWait(`waiting for a lock: ${found.map(blockerText).join("; ")}`);
      }
      this.#told = key;
    } catch {
      // The connection is lost: whoever works hears of it, too.
      this.#stopped = true;
    }
    if (!this.#stopped) this.#plan();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    clearTimeout(this.#timer);
  }
}

/** A blocker for people: `pid 4711 (app, idle in transaction) on shop.orders: SELECT …`. */
export function blockerText({ pid, user, application, state, query, relation }: Blocker): string {
  const on = relation === null ? "" : ` on ${relation}`;
  if (pid === 0) return `a prepared transaction${on} (pg_prepared_xacts)`;
  const who = [user, application, state].filter((word) => word !== "").join(", ");
  return `pid ${pid} (${who})${on}${query === "" ? "" : `: ${query}`}`;
}
