import type { RetryPolicy } from "../base/mod.ts";
import type { PinnedTarget } from "./target.ts";

/**
 * One server session: one connection, one query at a time (calls queue up).
 *
 * A server's refusal of a statement is a {@linkcode QueryError}; a lost connection is a `PgstrataError` of code
 * `connection`; after an abort every call rejects with the signal's reason.
 */
export interface Session extends AsyncDisposable {
  /** The database. */
  readonly target: PinnedTarget;
  /** As the server writes it: `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly serverVersion: string;
  /** `15` for 15.18. */
  readonly serverMajor: number;
  /** `150018` for 15.18. */
  readonly serverVersionNum: number;
  /** Process id of the server process. */
  readonly backendPid: number;
  /** Whether the server is a standby. */
  readonly inRecovery: boolean;
  /** Whether the connection is encrypted. */
  readonly encrypted: boolean;
  /** Whether a pooler stands between: the server process is not the one that greeted us. */
  readonly pooled: boolean;
  /** Whether something runs or waits on this session now. */
  readonly busy: boolean;
  /** Aborted, with the error as its reason, when the connection is lost. Not by `close()`. */
  readonly lost: AbortSignal;
  /** Rows as objects. `int8` and `numeric` stay strings, arrays of them too; `timestamptz` is a `Date`. */
  query<Row = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Simple protocol: several statements allowed, no parameters, no rows. */
  execute(sql: string): Promise<void>;
  /**
   * `COPY … TO STDOUT` as it comes, in chunks of some 64 KiB that are not cut at rows. Ends only after the server said
   * that the command succeeded. Leaving the loop early cancels it on the server; the session stays usable.
   */
  copyOut(sql: string): AsyncIterable<Uint8Array>;
  /** `COPY … FROM STDIN`. When `data` throws, the COPY is undone on the server and the same error thrown. */
  copyIn(sql: string, data: AsyncIterable<Uint8Array>): Promise<void>;
  /** Ends the session; what still runs is cancelled. Never throws. */
  close(): Promise<void>;
}

/** How to open a session. */
export interface SessionOptions {
  /** Name in `pg_stat_activity`. Default `pgstrata`. */
  readonly applicationName?: string;
  /** Ends the session: what runs is cancelled on the server and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told before each new attempt, with the reason. */
  readonly onRetry?: (message: string) => void;
  /** Told the server's notices and warnings. */
  readonly onNotice?: (message: string) => void;
  /**
   * `search_path` of the session. Default empty, as in pg_dump: a function or operator that a user of the database
   * has planted in `public` must not run with our rights (CVE-2018-1058). Names must then be qualified.
   */
  readonly searchPath?: string;
  /** Patience for lost and refused connections; default three attempts. */
  readonly retry?: RetryPolicy;
  /** Patience while the server or pooler has no free connection; default about five minutes. */
  readonly retryFull?: RetryPolicy;
}
