import { PgstrataError } from "../base/mod.ts";
import type { Target } from "../connection/mod.ts";
import { chooseToolSet, type SystemFacts, type ToolSet } from "../postgres/mod.ts";
import { type Check, ok, problem, problemOf, warning } from "./check.ts";

/** The newest client whose libpq breaks on a pooler's answer to the question for GSSAPI (supabase/supabase#22213). */
const GSSAPI_MAJOR = 15;

/** Whether PostgreSQL's client programs are here at all. */
export function clientsCheck(found: readonly ToolSet[]): Check {
  const details = found.map((tools) => `${tools.version} in ${tools.folder} (${tools.source})`);
  return found.length > 0 ? ok("clients", "PostgreSQL's client programs are here", details) : problem(
    "clients",
    "PostgreSQL's client programs (pg_dump, pg_restore) are not installed",
    "apt-get install postgresql-client (or name their folder in PGSTRATA_PG_BIN); the major must not be older than the server's",
  );
}

/** Whether there is a client for the server's version: an older one is refused by the server's pg_dump. */
export function clientVersionCheck(found: readonly ToolSet[], serverMajor: number, system?: SystemFacts): Check {
  try {
    const choice = chooseToolSet(found, serverMajor, "client", ...(system === undefined ? [] : [system]));
    return choice.warning === undefined
      ? ok("client_version", `client ${choice.tools.version} for server ${serverMajor}`)
      : warning("client_version", choice.warning, null);
  } catch (error) {
    if (error instanceof PgstrataError) return problemOf("client_version", error);
    throw error;
  }
}

/**
 * libpq up to 15 asks for GSSAPI encryption first, and poolers answer what it does not understand. Our own runs turn
 * that off; `psql` by hand does not.
 */
export function gssapiCheck(found: readonly ToolSet[], target: Target): Check[] {
  const old = found.filter(({ major }) => major <= GSSAPI_MAJOR);
  if (old.length === 0 || target.kind === "local") return [];
  const versions = old.map(({ version }) => version).join(", ");
  const pooled = ["supabase_session_pooler", "supabase_transaction_pooler", "supabase_dedicated_pooler", "pgbouncer"]
    .includes(target.kind);
  if (target.gssencmode === "prefer" || target.gssencmode === "require") {
    const say = pooled ? problem : warning;
    return [say(
      "gssapi",
      `gssencmode=${target.gssencmode} with client ${versions}: poolers then fail with "received invalid response to GSSAPI negotiation"`,
      `Remove gssencmode from ${target.source} (pgstrata disables it by itself), or use a client of 16 or newer`,
    )];
  }
  if (!pooled) return [];
  return [warning(
    "gssapi",
    `client ${versions} fails at a pooler with "received invalid response to GSSAPI negotiation" when run by hand; ` +
      "pgstrata's own runs turn GSSAPI off",
    "export PGGSSENCMODE=disable",
  )];
}
