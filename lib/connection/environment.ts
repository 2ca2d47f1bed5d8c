import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { PgstrataError } from "../base/mod.ts";
import { parseConnectionString, targetFromParameters } from "./connection_string.ts";
import type { Target } from "./target.ts";

type Env = Readonly<Record<string, string>>;

/** Words that are environments whether or not they are configured. */
const ALWAYS: readonly string[] = ["prod", "staging", "dev", "both", "all"];

/** Letters that a mistyped name may differ in. */
const NEAR = 2;

/** Environments that are configured in `env`, sorted; `default` when there are only `PG*` variables. */
export function knownEnvironments(env: Env): string[] {
  const names = new Set<string>();
  for (const [variable, value] of Object.entries(env)) {
    const url = /^DATABASE_URL_(\w+)$/.exec(variable)?.[1];
    if (url !== undefined && value !== "") names.add(folderSafe(url));
    const ref = /^SUPABASE_PROJECT_REF_(\w+)$/.exec(variable)?.[1];
    if (ref !== undefined && value !== "" && env[`SUPABASE_DB_PASSWORD_${ref}`]) names.add(folderSafe(ref));
  }
  if (env.DATABASE_URL) names.add("staging");
  if (names.size === 0 && hasPgVariables(env)) names.add("default");
  return [...names].sort();
}

/** Whether a word on the command line names an environment (or `both`, `all`) rather than a label. */
export function isEnvironmentName(word: string, env: Env): boolean {
  const name = word.replaceAll("_", "-");
  return ALWAYS.includes(name) || knownEnvironments(env).includes(name);
}

/**
 * The targets behind a name: one, or several for `both` and `all`. Without a name: staging, or
 * `default` where there are only `PG*` variables.
 *
 * @throws {PgstrataError} code `usage` when it is not configured; the hint names the variable to set.
 */
export function resolveTargets(name: string | undefined, env: Env): Target[] {
  const known = knownEnvironments(env);
  const wanted = name?.replaceAll("_", "-").toLowerCase() ?? (known.includes("default") ? "default" : "staging");
  if (wanted === "all") {
    if (known.length === 0) throw notConfigured("all", known);
    return known.map((each) => resolveOne(each, env, known));
  }
  if (wanted === "both") {
    const second = !known.includes("staging") && known.includes("dev") ? "dev" : "staging";
    return ["prod", second].map((each) => resolveOne(each, env, known));
  }
  return [resolveOne(wanted, env, known)];
}

function resolveOne(environment: string, env: Env, known: readonly string[]): Target {
  const suffix = Object.keys(env).map((variable) => /^(?:DATABASE_URL|SUPABASE_PROJECT_REF)_(\w+)$/.exec(variable)?.[1])
    .find((name) => name !== undefined && folderSafe(name) === environment) ??
    environment.toUpperCase().replaceAll("-", "_");
  const poolerHost = env[`SUPABASE_POOLER_HOST_${suffix}`] || undefined;
  const variable = env[`DATABASE_URL_${suffix}`] || environment !== "staging"
    ? `DATABASE_URL_${suffix}`
    : "DATABASE_URL";
  const url = env[variable];
  if (url) {
    const password = env[`SUPABASE_DB_PASSWORD_${suffix}`];
    const withPassword = password === undefined ? env : { ...env, PGPASSWORD: password };
    return throughPooler(parseConnectionString(url, { environment, source: variable, env: withPassword }), poolerHost);
  }
  const ref = env[`SUPABASE_PROJECT_REF_${suffix}`];
  if (ref) return throughPooler(fromProjectRef(environment, suffix, ref, env), poolerHost);
  if (environment === "default" && hasPgVariables(env)) {
    return targetFromParameters({}, { environment, source: "PG* variables", env });
  }
  throw notConfigured(environment, known);
}

function fromProjectRef(environment: string, suffix: string, ref: string, env: Env): Target {
  const source = `SUPABASE_PROJECT_REF_${suffix}`;
  if (!/^[a-z0-9]+$/i.test(ref)) {
    throw new PgstrataError(`Cannot read ${source}: it is not a project reference`, {
      code: "usage",
      hint: "It is the 20 letters in the project's address: https://supabase.com/dashboard/project/<reference>.",
    });
  }
  const password = env[`SUPABASE_DB_PASSWORD_${suffix}`];
  if (!password) {
    throw new PgstrataError(`Cannot connect to environment "${environment}": the database password is missing`, {
      code: "usage",
      hint: `Set SUPABASE_DB_PASSWORD_${suffix} beside ${source}.`,
    });
  }
  return targetFromParameters(
    { host: `db.${ref.toLowerCase()}.supabase.co`, port: "5432", user: "postgres", dbname: "postgres", password },
    { environment, source, env },
  );
}

/** Supabase's direct host has only IPv6: a pooler host that the user set is meant to be used instead. */
function throughPooler(target: Target, poolerHost: string | undefined): Target {
  if (poolerHost === undefined || target.kind !== "supabase_direct" || target.projectRef === undefined) return target;
  const host = poolerHost.replace(/^\w+:\/\//, "").replace(/^.*@/, "").replace(/[:/].*$/, "");
  const user = target.user.includes(".") ? target.user : `${target.user}.${target.projectRef}`;
  return { ...target, hosts: [{ host, port: 5432 }], user, kind: "supabase_session_pooler" };
}

function notConfigured(environment: string, known: readonly string[]): PgstrataError {
  const suffix = environment.toUpperCase().replaceAll("-", "_");
  const variable = environment === "all" ? "DATABASE_URL_<NAME>" : `DATABASE_URL_${suffix}`;
  const closest = ALWAYS.includes(environment)
    ? undefined
    : known.find((name) =>
      name.startsWith(environment) || (environment.length > NEAR && levenshteinDistance(environment, name) <= NEAR)
    );
  return new PgstrataError(`Cannot find a database for environment "${environment}": ${variable} is not set`, {
    code: "usage",
    hint: (closest === undefined ? "" : `Did you mean "${closest}"? `) +
      `Set ${variable}=postgresql://user:password@host:5432/database in the environment or in .env` +
      (environment === "staging" ? " (DATABASE_URL is taken for staging, too)" : "") + ". " +
      (known.length === 0 ? "No environment is configured." : `Configured: ${known.join(", ")}.`),
  });
}

function hasPgVariables(env: Env): boolean {
  return ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGUSER", "PGPORT"].some((variable) => env[variable]);
}

function folderSafe(suffix: string): string {
  return suffix.toLowerCase().replaceAll("_", "-");
}
