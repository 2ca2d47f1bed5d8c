import { PgstrataError } from "../base/mod.ts";
import { maskedTarget, refuseUnusable, type Target } from "../connection/mod.ts";
import { type Check, ok, problem, warning } from "./check.ts";

const KINDS: Readonly<Record<Target["kind"], string>> = {
  direct: "a server, directly",
  local: "a server on this machine",
  supabase_direct: "Supabase's direct host (IPv6, unless the project has the IPv4 add-on)",
  supabase_session_pooler: "Supabase's session pooler (IPv4; 15 clients in all by default)",
  supabase_transaction_pooler: "Supabase's transaction pooler",
  supabase_dedicated_pooler: "Supabase's dedicated pooler",
  pgbouncer: "a PgBouncer, by its port",
};

/** Form of the target, kind of its port, and the TLS mode it asks for: nothing is contacted. */
export function targetChecks(target: Target): Check[] {
  return [
    ok("url", `${target.source} is well-formed: ${maskedTarget(target)}`),
    portCheck(target),
    tlsModeCheck(target),
    passwordCheck(target),
  ].filter((check) => check !== null);
}

/** Whether what stands at the port can serve a backup. */
function portCheck(target: Target): Check {
  try {
    refuseUnusable(target);
  } catch (error) {
    if (!(error instanceof PgstrataError)) throw error;
    return problem("port", error.message, error.hint ?? null, [KINDS[target.kind]]);
  }
  const port = target.hosts[0]?.port;
  if (target.kind === "pgbouncer") {
    return warning(
      "port",
      `port ${port} usually is a PgBouncer: in transaction mode it cannot serve a backup`,
      "Use the server's own port (mostly 5432), or a pool with pool_mode = session",
    );
  }
  return ok("port", `${KINDS[target.kind]}, port ${port}`);
}

function tlsModeCheck(target: Target): Check | null {
  if (target.kind === "local") return null;
  const variable = /^\w+$/.test(target.source) ? target.source : "the URL";
  switch (target.sslmode) {
    case "disable":
    case "allow":
    case "prefer":
      return warning(
        "tls_mode",
        `sslmode is ${target.sslmode}: anybody on the way can turn encryption off and read the password's exchange`,
        `Add ?sslmode=require to ${variable} (better: sslmode=verify-full&sslrootcert=FILE)`,
      );
    case "require":
      return ok("tls_mode", "sslmode is require: encrypted; verify-full with sslrootcert would check the server, too");
    case "verify-ca":
    case "verify-full":
      return ok("tls_mode", `sslmode is ${target.sslmode}: encrypted, the server is checked`);
  }
}

/** A password that was pasted with its URL encoding, or with the brackets of the dashboard. */
function passwordCheck(target: Target): Check | null {
  const password = target.password?.reveal();
  if (password === undefined) return null;
  const again = (state: string, fix: string) => warning("password", state, fix);
  if (/^\[.*\]$/.test(password)) {
    return again(
      "the password stands in [brackets], as in the dashboard's template",
      "Remove the brackets around the password",
    );
  }
  if (/^\s|\s$/.test(password)) return again("the password begins or ends with a space", "Check the value in .env");
  if (/%[0-9a-f]{2}/i.test(password)) {
    return again(
      "the password still holds a percent code after decoding: it may be encoded twice",
      "Encode it once in a URL; do not encode it in PGPASSWORD or SUPABASE_DB_PASSWORD_<ENV>",
    );
  }
  return null;
}
