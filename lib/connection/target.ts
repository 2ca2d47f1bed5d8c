import type { Secret } from "../base/mod.ts";

/** What stands at the other end of a connection. */
export type EndpointKind =
  | "direct"
  | "supabase_direct"
  | "supabase_session_pooler"
  | "supabase_transaction_pooler"
  | "supabase_dedicated_pooler"
  | "pgbouncer"
  | "local";

/** libpq's `sslmode`. */
export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";

/** libpq's `target_session_attrs`. */
export type TargetSessionAttrs = "any" | "read-write" | "read-only" | "primary" | "standby" | "prefer-standby";

/** One place a server may be. */
export interface HostAddress {
  /** Name or address; an absolute path is the folder of a Unix socket. */
  readonly host: string;
  /** Port; part of the file name in a socket folder. */
  readonly port: number;
  /** Address to connect to instead of resolving `host` (the name stays what certificates are checked against). */
  readonly hostaddr?: string;
}

/** A database to connect to, as configured; nothing was resolved or contacted yet. */
export interface Target {
  /** `prod`, `staging`, `default`, `url` …; safe in folder names: `-` stands for `_`. */
  readonly environment: string;
  /** Where it was configured, for messages: `DATABASE_URL_PROD`, `--url`, `PG* variables`. */
  readonly source: string;
  /** In the order to try them. Never empty. */
  readonly hosts: readonly HostAddress[];
  /** Role to log in as. */
  readonly user: string;
  /** Its password. */
  readonly password?: Secret;
  /** Database to connect to. */
  readonly database: string;
  /** How far TLS is insisted on. */
  readonly sslmode: SslMode;
  /** File with trusted certificates, or `system`. */
  readonly sslrootcert?: string;
  /** File of the client's certificate. */
  readonly sslcert?: string;
  /** File of the client's key. */
  readonly sslkey?: string;
  /** Password of that key. */
  readonly sslpassword?: Secret;
  /** As libpq's `gssencmode`. */
  readonly gssencmode?: string;
  /** As libpq's `channel_binding`. */
  readonly channelBinding?: string;
  /** Command-line options for the server, such as `-c work_mem=64MB`. */
  readonly options?: string;
  /** Seconds to wait for one host; libpq's `connect_timeout`. */
  readonly connectTimeout?: number;
  /** Which of several hosts will do. */
  readonly targetSessionAttrs?: TargetSessionAttrs;
  /** Try several hosts in random order (`load_balance_hosts=random`). */
  readonly randomHosts?: boolean;
  /** libpq's password file, asked when there is no password. */
  readonly passfile?: string;
  /** Home folder, where libpq looks for `.postgresql/root.crt` and client certificates. */
  readonly home?: string;
  /** Other libpq parameters as given; PostgreSQL's programs get them, the driver has no use for them. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What stands at the address. */
  readonly kind: EndpointKind;
  /** Supabase's project reference. */
  readonly projectRef?: string;
}

/** A target with one host chosen and its address resolved once, for every process of a run. */
export interface PinnedTarget extends Target {
  /** Name or folder of the one host chosen. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** Missing for a Unix socket. */
  readonly hostaddr?: string;
}
