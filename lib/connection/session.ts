import { CONNECTION_RETRY, retry, type RetryPolicy } from "../base/mod.ts";
import type { CancelKey } from "./cancel_request.ts";
import { ConnectionError, connectionError, isFull, isRefusedLogin, isTransient } from "./connection_error.ts";
import { type Driver, driver } from "./driver.ts";
import { DriverSession, type ServerFacts } from "./driver_session.ts";
import { maskedTarget } from "./masked_target.ts";
import { DEFAULT_CONNECT_TIMEOUT, openServerSocket, TlsError } from "./server_socket.ts";
import type { Session, SessionOptions } from "./session_contract.ts";
import type { PinnedTarget } from "./target.ts";
import { type Encryption, encryptionAttempts } from "./tls_options.ts";
import { refuseTransactionPooling } from "./transaction_pooling.ts";
import { WireWatch } from "./wire_watch.ts";

/** About five minutes: others' connections end sooner or later. */
const FULL_RETRY: RetryPolicy = { attempts: 14, firstWait: 2_000, longestWait: 30_000 };

const FACTS = `
SELECT pg_catalog.current_setting('server_version') AS version,
  pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS number,
  pg_catalog.pg_backend_pid() AS pid, pg_catalog.pg_is_in_recovery() AS recovery`;

/**
 * The settings that pg_dump makes for itself (setup_connection in pg_dump.c), so that our COPY writes the same text as
 * pg_dump's, and no timeout of the role (Supabase: statement_timeout of two minutes) ends a long read. Settings a server
 * does not know are left alone. Only made when the session is known to be ours alone: through a transaction pooler they
 * would stay with a server process that the application gets next.
 */
const SETTINGS = `
SELECT pg_catalog.set_config(s.name, v.value, false)
FROM (VALUES ('statement_timeout', '0'), ('lock_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
  ('idle_session_timeout', '0'), ('transaction_timeout', '0'), ('row_security', 'off'), ('DateStyle', 'ISO'),
  ('IntervalStyle', 'postgres'), ('extra_float_digits', '3'), ('synchronize_seqscans', 'off'),
  ('standard_conforming_strings', 'on'), ('quote_all_identifiers', 'off'), ('search_path', $1)) AS v (name, value)
JOIN pg_catalog.pg_settings AS s USING (name)`;

/**
 * Opens a session. Lost or refused connections are tried again (three times, growing waits), a full server or pooler
 * with more patience; a wrong password, an unknown database or a TLS refusal fails at once.
 *
 * @throws {ConnectionError} code `connection`, with a hint for the cause; the password is never in it
 * @throws the signal's reason when aborted
 */
export function openSession(target: PinnedTarget, options: SessionOptions = {}): Promise<Session> {
  const tell = (policy: RetryPolicy, concerns: (error: unknown) => boolean) => {
    let attempt = 0;
    return (error: unknown): boolean => {
      if (!concerns(error)) return false;
      if (++attempt < policy.attempts) options.onRetry?.(`${(error as Error).message}; trying again`);
      return true;
    };
  };
  const soon = options.retry ?? CONNECTION_RETRY;
  const later = options.retryFull ?? FULL_RETRY;
  return retry(
    () => retry(() => openOnce(target, options), soon, tell(soon, isTransient), options.signal),
    later,
    tell(later, isFull),
    options.signal,
  );
}

async function openOnce(target: PinnedTarget, options: SessionOptions): Promise<Session> {
  refuseWeakBinding(target);
  const session = await logIn(target, options);
  try {
    if (session.pooled && target.kind !== "supabase_session_pooler") {
      await refuseTransactionPooling(session, () => logIn(target, options));
    }
    await session.query(SETTINGS, [options.searchPath ?? ""]);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A session as the server gives it, by the first way of its sslmode that works. */
async function logIn(target: PinnedTarget, options: SessionOptions): Promise<Session> {
  let first: unknown;
  for (const encryption of encryptionAttempts(target)) {
    try {
      return await logInBy(encryption, target, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      first ??= error;
      // As libpq: the next way only if TLS or the login was refused, not when nobody answers.
      if (!(error instanceof TlsError) && !isRefusedLogin(error)) break;
    }
  }
  throw connectionError(first, target);
}

async function logInBy(encryption: Encryption, target: PinnedTarget, options: SessionOptions): Promise<Session> {
  const { signal } = options;
  const timeout = target.connectTimeout === undefined ? DEFAULT_CONNECT_TIMEOUT : target.connectTimeout * 1000;
  const { socket, encrypted } = await openServerSocket(target, encryption, timeout, signal);
  const watch = new WireWatch(socket);
  const stop = () => socket.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const sql = driver(target, socket, {
      applicationName: options.applicationName ?? "pgstrata",
      watch,
      timeout,
      ...(options.onNotice === undefined ? {} : { onNotice: options.onNotice }),
    });
    const { facts, cancelKey } = await readFacts(sql);
    return new DriverSession(target, { sql, socket, watch, encrypted, cancelKey }, facts, signal);
  } catch (error) {
    socket.destroy();
    const { fatal } = watch;
    throw fatal === undefined ? error : Object.assign(new Error(fatal.message), { code: fatal.code });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

async function readFacts(sql: Driver): Promise<{ facts: ServerFacts; cancelKey: CancelKey }> {
  const result = await sql.unsafe(FACTS);
  const [row] = result;
  if (row === undefined) throw new Error("the server did not answer the first query");
  const { pid, secret } = result.state as unknown as CancelKey;
  return {
    facts: {
      serverVersion: String(row.version),
      serverVersionNum: Number(row.number),
      backendPid: Number(row.pid),
      inRecovery: row.recovery === true,
    },
    cancelKey: { pid, secret },
  };
}

/** `channel_binding=require` guards against a man in the middle; without it the certificate's check must. */
function refuseWeakBinding(target: PinnedTarget): void {
  if (target.channelBinding !== "require" || target.sslmode === "verify-full") return;
  throw new ConnectionError(
    `Cannot connect to ${maskedTarget(target)}: the built-in driver has no channel binding`,
    "permanent",
    {
      hint: "Use sslmode=verify-full (with sslrootcert=system or the authority's file), which protects as well, " +
        "or leave channel_binding=require out.",
      context: { environment: target.environment, source: target.source },
    },
  );
}
