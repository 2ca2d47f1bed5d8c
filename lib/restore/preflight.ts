import type { Session } from "../connection/mod.ts";
import { checkDisk } from "./disk_check.ts";
import type { InPlacePlan } from "./in_place_plan.ts";
import type { PreflightCheck } from "./plan.ts";
import { hasNoPassword } from "./restore_roles.ts";
import type { ScriptRole } from "./role_script.ts";
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
): Promise<PreflightCheck[]> {
  return [
    await checkDisk(session, work),
    extensions(work),
    passwords(created),
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
function passwords(created: readonly ScriptRole[]): PreflightCheck {
  const lost = created.filter(hasNoPassword).map(({ name }) => name);
  return lost.length === 0
    ? { check: "role passwords", state: "ok", text: "no role is made that may log in and has none" }
    : {
      check: "role passwords",
      state: "attention",
      text: `the backup holds no passwords of ${lost.join(", ")}: set them afterwards`,
    };
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
