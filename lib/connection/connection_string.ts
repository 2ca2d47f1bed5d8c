import { userInfo } from "node:os";
import { closestString } from "@std/text/closest-string";
import { PgstrataError, Secret } from "../base/mod.ts";
import { isConnectionUrl, parseConnectionUrl } from "./connection_url.ts";
import { endpointKind } from "./endpoint_kind.ts";
import { parseKeywordString } from "./keyword_string.ts";
import { IGNORED_PARAMETERS, LIBPQ_PARAMETERS, TARGET_PARAMETERS } from "./libpq_parameters.ts";
import type { HostAddress, SslMode, Target, TargetSessionAttrs } from "./target.ts";

const SSL_MODES: readonly SslMode[] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
const SESSION_ATTRS: readonly TargetSessionAttrs[] = [
  "any",
  "read-write",
  "read-only",
  "primary",
  "standby",
  "prefer-standby",
];

/** Variables to look in: the real environment joined with `.env`; see `loadEnvironment`. */
export interface EnvironmentInput {
  /** Variables of the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where servers listen when no host is given: Debian's and upstream's socket folder, then TCP. */
const DEFAULT_HOSTS = ["/var/run/postgresql", "/tmp", "localhost"];

/**
 * What a connection string needs to become a target. `env` fills what the text leaves open, as libpq does
 * (`PGUSER`, `PGSSLMODE`, `HOME` …).
 */
export interface ConnectionStringContext extends EnvironmentInput {
  /** Name of the environment. */
  readonly environment: string;
  /** Where the text stood, for messages. */
  readonly source: string;
}

/**
 * Reads a URL or libpq keyword string; `""` takes everything from `PG*` variables.
 *
 * @throws {PgstrataError} code `usage`, with a hint; a password is never shown.
 */
export function parseConnectionString(text: string, context: ConnectionStringContext): Target {
  const { source, env } = context;
  const trimmed = text.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1];
  if (scheme !== undefined && !isConnectionUrl(trimmed)) {
    throw new PgstrataError(`Cannot read ${source}: it begins with ${scheme}://, not with postgresql://`, {
      code: "usage",
      hint:
        "Copy the connection string of the database (Supabase: Connect, Session pooler), not the address of an API " +
        "or of an application's driver.",
    });
  }
  if (/^["'`]/.test(trimmed)) {
    throw new PgstrataError(`Cannot read ${source}: it begins with a quotation mark that is not closed`, {
      code: "usage",
      hint: 'In .env both ends stand in the same quotes, on one line: NAME="postgresql://…".',
    });
  }
  const given = isConnectionUrl(trimmed) ? parseConnectionUrl(trimmed, source) : parseKeywordString(trimmed, source);
  refuseUnknown(given, source);
  return targetFromParameters(given, { ...context, env });
}

/** Makes a target from libpq parameters by name. */
export function targetFromParameters(
  given: Readonly<Record<string, string>>,
  { environment, source, env }: ConnectionStringContext,
): Target {
  const wrong = (state: string, hint: string) =>
    new PgstrataError(`Cannot read ${source}: ${state}`, { code: "usage", hint });
  const value = (name: string): string | undefined => {
    // A host in the text hides PGHOSTADDR, which belongs to another one.
    if (name === "hostaddr" && given.host !== undefined && given.hostaddr === undefined) return undefined;
    const variable = LIBPQ_PARAMETERS[name];
    return given[name] || (variable ? env[variable] : undefined) || undefined;
  };
  const oneOf = <T extends string>(name: string, allowed: readonly T[]): T | undefined => {
    const found = value(name);
    if (found === undefined) return undefined;
    if ((allowed as readonly string[]).includes(found)) return found as T;
    throw wrong(`"${found}" is no ${name}`, `Write one of ${allowed.join(", ")}.`);
  };
  for (const name of ["service", "replication"]) {
    if (value(name) !== undefined) {
      throw wrong(`the parameter "${name}" is not supported`, `Write the host, user and database out instead.`);
    }
  }

  const user = value("user") ?? systemUser(env);
  if (user === undefined) throw wrong("no user is given", "Write postgresql://USER@host/database or set PGUSER.");
  const password = value("password");
  if (password !== undefined && /^\[YOUR[-_ ]?PASSWORD\]$/i.test(password)) {
    throw wrong(
      `the password is still the placeholder "${password}"`,
      "Put the database password in its place (Supabase: Project Settings, Database, Reset database password).",
    );
  }
  const timeout = value("connect_timeout");
  if (timeout !== undefined && !/^-?\d+$/.test(timeout)) {
    throw wrong("connect_timeout is not a whole number", "Write seconds, such as connect_timeout=10.");
  }
  const hosts = hostList(value("host"), value("hostaddr"), value("port"), wrong);
  const [first] = hosts;
  const endpoint = endpointKind(first, user);
  // Supabase always offers TLS, so that "prefer", which anybody on the way can turn off, is never needed.
  const sslmode = oneOf("sslmode", SSL_MODES) ?? (endpoint.kind.startsWith("supabase_") ? "require" : "prefer");
  const targetSessionAttrs = oneOf("target_session_attrs", SESSION_ATTRS);
  const channelBinding = oneOf("channel_binding", ["disable", "prefer", "require"]);
  const gssencmode = oneOf("gssencmode", ["disable", "prefer", "require"]);
  const sslpassword = value("sslpassword");
  const passfile = value("passfile") ?? (env.HOME ? `${env.HOME}/.pgpass` : undefined);
  const parameters: Record<string, string> = {};
  for (const name of Object.keys(LIBPQ_PARAMETERS)) {
    const found = value(name);
    if (found !== undefined && !TARGET_PARAMETERS.has(name) && !IGNORED_PARAMETERS.has(name)) parameters[name] = found;
  }
  const optional = {
    password: password === undefined ? undefined : new Secret(password),
    sslpassword: sslpassword === undefined ? undefined : new Secret(sslpassword),
    sslrootcert: value("sslrootcert"),
    sslcert: value("sslcert"),
    sslkey: value("sslkey"),
    gssencmode,
    channelBinding,
    options: value("options"),
    connectTimeout: timeout === undefined || Number(timeout) <= 0 ? undefined : Number(timeout),
    targetSessionAttrs,
    passfile,
    home: env.HOME || undefined,
  };
  return {
    environment,
    source,
    hosts,
    user,
    database: value("dbname") ?? user,
    sslmode,
    ...defined(optional),
    ...(value("load_balance_hosts") === "random" ? { randomHosts: true } : {}),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...endpoint,
  };
}

function refuseUnknown(given: Readonly<Record<string, string>>, source: string): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(LIBPQ_PARAMETERS, name)) continue;
    const closest = closestString(name, Object.keys(LIBPQ_PARAMETERS));
    const foreign = /^(pgbouncer|connection_limit|pool_timeout|schema|statement_cache_size|supa|workaround)$/.test(
      name,
    );
    throw new PgstrataError(`Cannot read ${source}: "${name}" is not a connection parameter of PostgreSQL`, {
      code: "usage",
      hint: foreign
        ? `"${name}" belongs to an application's driver: give pgstrata a URL without it.`
        : `Did you mean "${closest}"?`,
    });
  }
}

function hostList(
  host: string | undefined,
  hostaddr: string | undefined,
  port: string | undefined,
  wrong: (state: string, hint: string) => PgstrataError,
): readonly [HostAddress, ...HostAddress[]] {
  const names = host?.split(",") ?? (hostaddr === undefined ? DEFAULT_HOSTS : hostaddr.split(","));
  const addresses = hostaddr?.split(",");
  const ports = port?.split(",") ?? [];
  if (addresses !== undefined && addresses.length !== names.length) {
    throw wrong("host and hostaddr have different numbers of entries", "Give one hostaddr for each host.");
  }
  if (ports.length > 1 && ports.length !== names.length) {
    throw wrong("host and port have different numbers of entries", "Give one port, or one for each host.");
  }
  const [first, ...rest] = names.flatMap((name, index): HostAddress[] => {
    const text = (ports.length > 1 ? ports[index] : ports[0]) || "5432";
    const number = Number(text);
    if (!/^\s*\d+\s*$/.test(text) || number < 1 || number > 65535) {
      throw wrong(`"${text}" is no port`, "A port is a number from 1 to 65535.");
    }
    const address = addresses?.[index];
    const known = address ? { hostaddr: address } : {};
    if (name === "" && !address) return DEFAULT_HOSTS.map((folder) => ({ host: folder, port: number }));
    return [{ host: name || (address ?? ""), port: number, ...known }];
  });
  if (first === undefined) throw wrong("no host is given", "Write postgresql://user@HOST/database.");
  return [first, ...rest];
}

function systemUser(env: Readonly<Record<string, string>>): string | undefined {
  if (env.USER || env.LOGNAME) return env.USER || env.LOGNAME;
  try {
    return userInfo().username || undefined;
  } catch {
    return undefined; // No permission to ask, or a user id without a name.
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
