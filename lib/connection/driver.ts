import type { Socket } from "node:net";
import postgres from "postgres";
import { DRIVER_TYPES } from "./driver_types.ts";
import { saslPrep } from "./sasl_prep.ts";
import type { PinnedTarget } from "./target.ts";
import type { WireWatch } from "./wire_watch.ts";

/** The driver over a socket of ours. */
export type Driver = postgres.Sql;

/** What the driver is given besides the target. */
export interface DriverOptions {
  readonly applicationName: string;
  readonly watch: WireWatch;
  /** Milliseconds for the login. */
  readonly timeout: number;
  readonly onNotice?: (message: string) => void;
}

/**
 * The driver over one connected socket. Every option it would otherwise take from the environment or its own defaults
 * is set: no URL, no `PG*` variables, no second connection, no end of life after half an hour, no prepared statements.
 */
export function driver(target: PinnedTarget, socket: Socket, options: DriverOptions): Driver {
  let taken = false;
  const give = () => {
    // The driver reconnects by itself; a session whose transaction is gone must not go on as if nothing had happened.
    if (taken) throw Object.assign(new Error("the connection was lost"), { code: "CONNECTION_CLOSED" });
    taken = true;
    return socket;
  };
  const { password } = target;
  const settings: postgres.Options<Record<string, postgres.PostgresType>> & { socket: () => Socket } = {
    socket: give,
    host: "pgstrata",
    port: target.port,
    path: "",
    database: target.database,
    user: target.user,
    // A function, because for an empty password the driver would ask PGPASSWORD.
    pass: () => password === undefined ? "" : options.watch.sasl ? saslPrep(password.reveal()) : password.reveal(),
    max: 1,
    ssl: false,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: options.timeout / 1000,
    keep_alive: 60,
    backoff: () => 0,
    prepare: false,
    debug: false,
    fetch_types: false,
    types: DRIVER_TYPES as Record<string, postgres.PostgresType>,
    connection: {
      application_name: options.applicationName,
      ...(target.options === undefined ? {} : { options: target.options }),
    },
    onnotice: (notice) => options.onNotice?.(`${notice.severity ?? "NOTICE"}: ${notice.message ?? ""}`),
  };
  return postgres(settings);
}
