import { toPgstrataError } from "../base/mod.ts";
import { openSession, type PinnedTarget, type Session } from "../connection/mod.ts";
import { type Check, ok, problemOf, warning } from "./check.ts";

const ONCE = { attempts: 1, firstWait: 1, longestWait: 1 };

/** A session, or why there is none. */
export interface Login {
  readonly session: Session | null;
  readonly checks: readonly Check[];
}

/** Logs in, without patience. */
export async function logIn(target: PinnedTarget, signal?: AbortSignal): Promise<Login> {
  try {
    const session = await openSession(target, {
      applicationName: "pgstrata doctor",
      retry: ONCE,
      retryFull: ONCE,
      ...(signal === undefined ? {} : { signal }),
    });
    return { session, checks: loggedIn(session) };
  } catch (thrown) {
    signal?.throwIfAborted();
    const error = toPgstrataError(thrown);
    const layer = /certificate|encrypted|\bTLS\b|sslcrl|the key \S+ is open/i.test(error.message) ? "tls" : "login";
    return { session: null, checks: [problemOf(layer, error)] };
  }
}

function loggedIn(session: Session): Check[] {
  const { target, encrypted, serverVersion, pooled } = session;
  const remote = target.kind !== "local";
  const checks = [
    encrypted
      ? ok("tls", "the connection is encrypted")
      : remote
      ? warning("tls", "the connection is not encrypted", "Add sslmode=require to the connection string")
      : ok("tls", "the connection is not encrypted; the server is on this machine"),
    ok("login", `logged in as ${target.user}; PostgreSQL ${serverVersion}`),
  ];
  if (pooled && target.kind !== "supabase_session_pooler") {
    checks.push(warning(
      "pooler",
      "a pooler stands between: it must give one server session for the whole of a connection",
      "Connect to the server itself, or set pool_mode = session in the pooler",
    ));
  }
  return checks;
}
