import type { Session } from "../connection/mod.ts";
import { choicesOf } from "./backup_scope.ts";
import { checkDisk } from "./disk_check.ts";
import type { InPlacePlan } from "./in_place_plan.ts";
import type { PreflightCheck } from "./plan.ts";
import { ownedByPlatform } from "./platform_rules.ts";
import { hasNoPassword } from "./restore_roles.ts";
import type { RoleScript, ScriptRole } from "./role_script.ts";
import { isReservedRole } from "./supabase_names.ts";
import { supabasePreflight } from "./supabase_preflight.ts";
import type { RestoreWork } from "./restore_work.ts";

/** Kinds that take a lock of their own when they are made. */
const LOCKED: ReadonlySet<string> = new Set([
  "TABLE",
  "INDEX",
  "CONSTRAINT",
  "SEQUENCE",
  "VIEW",
  "MATERIALIZED VIEW",
  "FOREIGN TABLE",
]);

/** Looks at what decides whether the restore can succeed, and at what is left to a person. */
export async function preflight(
  session: Session,
  work: RestoreWork,
  created: readonly ScriptRole[],
  script: RoleScript,
): Promise<PreflightCheck[]> {
  return [
    await checkDisk(session, work),
    extensions(work),
    await passwords(session, work, created, script),
    ...work.facts.supabase ? supabasePreflight(work) : [],
  ];
}

function extensions({ source, facts, list }: RestoreWork): PreflightCheck {
  const check = "extensions";
  const wanted = source.manifest.extensions.filter(({ name }) => name !== "plpgsql");
  if (wanted.length === 0) return { check, state: "ok", text: "the backup has none" };
  const texts = wanted.map(({ name, version }) => {
    const here = facts.extensions.get(name);
    const found = here?.installed ?? here?.available ?? null;
    if (list.extensionsLeftOut.has(name) || found === null) return `${name} ${version} is NOT HERE`;
    const state = here?.installed === null || here?.installed === undefined ? "can be created" : "is there";
    return found === version ? `${name} ${version} ${state}` : `${name} ${version} ${state} as ${found}`;
  });
  const isSame = texts.every((text) => !/ as | NOT HERE$/.test(text));
  return { check, state: isSame ? "ok" : "attention", text: texts.join("; ") };
}

/** Only a superuser's backup holds passwords; Supabase's never does. */
async function passwords(
  session: Session,
  { facts, log, selection }: RestoreWork,
  created: readonly ScriptRole[],
  script: RoleScript,
): Promise<PreflightCheck> {
  const check = "role passwords";
  const lost = created.filter(hasNoPassword).map(({ name }) => name);
  // An earlier restore that failed, or a first of two, made roles that nobody has given a password since.
  const holdsNone = script.roles.every(({ attributes }) => !attributes.some((word) => word.startsWith("PASSWORD ")));
  const there = !selection.whole || !holdsNone ? [] : await withoutPassword(
    session,
    script.roles.filter((role) =>
      hasNoPassword(role) && facts.roles.has(role.name) && !(facts.supabase && isReservedRole(role.name))
    ).map(({ name }) => name),
  );
  if (there.length > 0) log.leave(`set passwords: ${there.join(", ")} may log in and have none here`);
  if (lost.length + there.length === 0) {
    return { check, state: "ok", text: "no role is made that may log in and has none" };
  }
  const texts = [
    ...lost.length === 0 ? [] : [`the backup holds no passwords of ${lost.join(", ")}: set them afterwards`],
    ...there.length === 0 ? [] : [`${there.join(", ")} may log in and have none here: set them`],
  ];
  return { check, state: "attention", text: texts.join("; ") };
}

const NO_PASSWORD = `
SELECT rolname AS name FROM pg_catalog.pg_authid
WHERE rolname = ANY ($1::pg_catalog.text[]) AND rolcanlogin AND rolpassword IS NULL ORDER BY 1`;

/** Of these roles those without a password; none where this role may not look. */
async function withoutPassword(session: Session, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const [may] = await session.query<{ may: boolean }>(
    "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS may",
  );
  if (may?.may !== true) return [];
  return (await session.query<{ name: string }>(NO_PASSWORD, [names])).map(({ name }) => name);
}

/** What a person should know before agreeing, besides what goes and what is left out. */
export function preflightWarnings(work: RestoreWork, inPlace: InPlacePlan | null): string[] {
  const { source, facts, list } = work;
  const versions = source.manifest.extensions.flatMap(({ name, version }) => {
    const here = facts.extensions.get(name);
    const found = here?.installed ?? here?.available ?? null;
    return found === null || found === version ? [] : [`extension ${name} is ${found} here and was ${version}`];
  });
  const locks = inPlace === null || inPlace.rowsOnly
    ? 0
    : list.entries.filter(({ desc }) => LOCKED.has(desc)).length + inPlace.overwritten.length;
  return [
    ...versions,
    ...inPlace !== null && !inPlace.rowsOnly ? newSchemas(work) : [],
    ...locks > facts.lockTable
      ? [
        `one transaction will lock about ${locks} objects, and the server's lock table is made for ${facts.lockTable}: ` +
        "raise max_locks_per_transaction if it fails",
      ]
      : [],
    ...facts.server.encoding === source.manifest.server.encoding
      ? []
      : [`the target's encoding is ${facts.server.encoding}, the backup's ${source.manifest.server.encoding}`],
  ];
}

/** In place only what the backup knows is replaced: what was made since stays. */
function newSchemas({ source, facts, selection }: RestoreWork): string[] {
  if (!selection.whole || choicesOf(source.manifest).length > 0) return [];
  const known = new Set(["public", ...source.manifest.schemas.map(({ name }) => name)]);
  const names = [...facts.schemas.values()].filter(({ name, extension }) =>
    extension === null && !known.has(name) && !(facts.supabase && ownedByPlatform(name, facts))
  ).map(({ name }) => name).sort();
  if (names.length === 0) return [];
  const shown = `${names.slice(0, 8).join(", ")}${names.length > 8 ? ` and ${names.length - 8} more` : ""}`;
  return [`not in the backup, and left as it is: schema ${shown}`];
}
