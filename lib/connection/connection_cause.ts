import type { Target } from "./target.ts";

/** Whether trying again can help: `transient` soon, `full` when others have ended, `permanent` never by itself. */
export type Persistence = "permanent" | "transient" | "full";

/** What a failure means to a person. */
export interface Explanation {
  readonly state: string;
  readonly persistence: Persistence;
  readonly hint?: string;
}

type Rule = (target: Target, text: string) => Explanation;

const FULL: Rule = (target) => ({
  state: "no connection is free",
  persistence: "full",
  hint: target.kind === "supabase_session_pooler"
    ? "The session pooler's pool size limits all clients together (15 by default): end other clients, use --jobs 2, " +
      "or raise the pool size in the project's database settings."
    : "End idle clients (pg_stat_activity shows them), lower --jobs, or raise max_connections.",
});

const LOST: Rule = () => ({
  state: "the connection was lost",
  persistence: "transient",
  hint: "The server was stopped or something on the way cut the connection; the server's log says more. Run again.",
});

const UNTRUSTED: Rule = (target) => ({
  state: "the server's certificate is not trusted",
  persistence: "permanent",
  hint: target.kind.startsWith("supabase_")
    ? "Download the project's certificate (Database Settings, SSL Configuration) and name it with sslrootcert=FILE."
    : "Name the authority's certificate with sslrootcert=FILE, or sslrootcert=system for a public one.",
});

const RULES: readonly (readonly [test: (code: string, text: string) => boolean, rule: Rule])[] = [
  [
    (code, text) =>
      code === "53300" ||
      /EMAXCONN|max clients (?:reached|connections)|remaining connection slots|too many (?:clients|connections)|no more connections allowed|query_wait_timeout/i
        .test(text),
    FULL,
  ],
  [
    (code, text) =>
      code === "28P01" || /wrong password|password authentication failed|SASL authentication failed/i.test(text),
    (target) => ({
      state: target.password === undefined ? "the server wants a password" : "the password is wrong",
      persistence: "permanent",
      hint:
        (target.password === undefined
          ? "No password was given: put it into the URL, PGPASSWORD or ~/.pgpass."
          : "Check the password; in a URL it must be percent-encoded, in .env in quotes if it holds a #.") +
        (target.kind === "supabase_session_pooler"
          ? " After a reset the pooler takes minutes to learn a new password."
          : ""),
    }),
  ],
  [(_code, text) => /tenant or user not found|ENOTFOUND.*tenant/i.test(text), () => ({
    state: "the pooler does not know this user or project",
    persistence: "permanent",
    hint: "The user must be postgres.<project reference> and the host that of the project's region " +
      "(aws-0-… or aws-1-…): copy both from Connect, Session pooler in the dashboard.",
  })],
  [(code, text) => code === "28000" && /no encryption|SSL off|SSL is required|ssl required/i.test(text), (target) => ({
    state: "the server takes only encrypted connections",
    persistence: "permanent",
    hint: `The target's sslmode is ${target.sslmode}: use sslmode=require, better verify-full with sslrootcert.`,
  })],
  [(code, text) => code === "28000" && /pg_hba\.conf/.test(text), () => ({
    state: "pg_hba.conf does not allow it",
    persistence: "permanent",
    hint: "Add a line for this user, database and address to pg_hba.conf (network restrictions on hosted servers).",
  })],
  [(code) => code.startsWith("28"), (target) => ({
    state: `the server does not let user "${target.user}" in`,
    persistence: "permanent",
    hint: "Check that the role exists and may log in.",
  })],
  [(code) => code === "3D000", (target) => ({
    state: `database "${target.database}" does not exist`,
    persistence: "permanent",
    hint: "Check the name at the end of the URL (on Supabase it is postgres).",
  })],
  [(code) => code === "57P03", () => ({
    state: "the server is starting up or shutting down",
    persistence: "transient",
    hint: "Wait until it accepts connections.",
  })],
  [(code) => code === "08P01" || code === "42704", () => ({
    state: "the server or pooler refused the parameters of the connection",
    persistence: "permanent",
    hint: "A PgBouncer needs ignore_startup_parameters for what it does not know; leave `options` out of the URL.",
  })],
  [(code) => code === "ECONNREFUSED", (target) => ({
    state: "nothing listens on that port",
    persistence: "transient",
    hint: "Check host and port and that the server runs and listens there (listen_addresses, firewall)." +
      (target.kind === "supabase_direct"
        ? ` A paused project does not listen: restore it in the dashboard. ${noRouteHint(target)}`
        : ""),
  })],
  [(code) => code === "ENOENT" || code === "ENOTDIR", () => ({
    state: "there is no server socket in that folder",
    persistence: "transient",
    hint: "Check that the server runs; `SHOW unix_socket_directories` tells its folder.",
  })],
  [(code) => code === "EACCES" || code === "EPERM", () => ({
    state: "this user may not open the socket",
    persistence: "permanent",
    hint: "Check the permissions of the socket folder.",
  })],
  [(code) => code === "ENOTFOUND" || code === "ENODATA", (target) => ({
    state: "the host name is unknown",
    persistence: "permanent",
    hint: target.projectRef === undefined
      ? "Check the spelling of the host and this machine's DNS."
      : "Check the project reference; a project that was paused for long or deleted has no host name any more.",
  })],
  [(code, text) => code === "EAI_AGAIN" || /temporary failure in name resolution/i.test(text), () => ({
    state: "the host name cannot be resolved at the moment",
    persistence: "transient",
    hint: "Check this machine's DNS.",
  })],
  [(code) => ["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(code), (target) => ({
    state: "there is no route to the host",
    persistence: "transient",
    hint: noRouteHint(target),
  })],
  [(code) => code === "ETIMEDOUT" || code === "CONNECT_TIMEOUT", (target) => ({
    state: "the server did not answer in time",
    persistence: "transient",
    hint: "Check host, port and firewall; connect_timeout=SECONDS in the URL waits longer." +
      (target.kind === "supabase_direct" ? ` ${noRouteHint(target)}` : ""),
  })],
  [(code) => code === "ERR_TLS_CERT_ALTNAME_INVALID", () => ({
    state: "the server's certificate is for another name",
    persistence: "permanent",
    hint: "Use the name the certificate was made for, or sslmode=verify-ca, which trusts the authority alone.",
  })],
  [(code) => /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|CERT_REVOKED/.test(code), () => ({
    state: "the server's certificate is not valid now",
    persistence: "permanent",
    hint: "Check its dates, this machine's clock and the revocation list.",
  })],
  [(code) => /UNABLE_TO_|SELF_SIGNED|CERT_|INVALID_CA|PATH_LENGTH/.test(code), UNTRUSTED],
  [(_code, text) => /invalid peer certificate|UnknownIssuer|unknown ca\b/i.test(text), UNTRUSTED],
  [(code, text) => /^ERR_(?:TLS|SSL|OSSL)|^EPROTO/.test(code) || /\btls\b|\bssl\b|handshake/i.test(text), () => ({
    state: "the encrypted connection could not be set up",
    persistence: "permanent",
    hint: "Check sslmode, sslcert and sslkey, and the TLS versions both sides take.",
  })],
  [(code) => /^(?:CONNECTION_|ECONNRESET|EPIPE|ECONNABORTED|57P0|25P03|08)/.test(code), LOST],
];

/** Explains a failure by its code (system, TLS, SQLSTATE) and text. */
export function explain(code: string, text: string, target: Target): Explanation {
  const rule = RULES.find(([test]) => test(code, text))?.[1];
  return rule?.(target, text) ?? { state: "the server does not take the connection", persistence: "permanent" };
}

/** What to do when a host has only addresses of a kind that this machine has no route to. */
function noRouteHint(target: Target): string {
  if (target.kind !== "supabase_direct") return "Check this machine's network; the host may have IPv6 addresses only.";
  const suffix = target.environment.toUpperCase().replaceAll("-", "_");
  return "Supabase's direct host has IPv6 only: from a network without IPv6 use the session pooler: " +
    `set SUPABASE_POOLER_HOST_${suffix} to its host (dashboard: Connect, Session pooler, aws-…pooler.supabase.com; ` +
    "it cannot be derived from the reference), or book the IPv4 add-on.";
}
