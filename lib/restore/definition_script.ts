import { isAccessStatement, rolesOfStatement } from "./role_names.ts";
import { splitStatements } from "./sql_statements.ts";
import type { TargetFacts } from "./target_facts.ts";

/** A script of definitions in two halves: what comes before the rows, and what comes after them. */
export interface DefinitionScript {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly notGranted: readonly string[];
  /** Owners that cannot be set, with the number of their objects. */
  readonly ownersNotSet: readonly { readonly owner: string; readonly objects: number }[];
}

/** How owners and privileges are wanted. */
export interface DefinitionWish {
  readonly owners: boolean | null;
  readonly privileges: boolean;
}

/**
 * Kinds of pg_dump's section post-data. Scripts are written in the archive's order, so that nothing of pre-data stands
 * after the first of them.
 */
const AFTER_ROWS: ReadonlySet<string> = new Set([
  "CHECK CONSTRAINT",
  "CONSTRAINT",
  "DEFAULT ACL",
  "EVENT TRIGGER",
  "FK CONSTRAINT",
  "INDEX",
  "INDEX ATTACH",
  "MATERIALIZED VIEW DATA",
  "POLICY",
  "PUBLICATION",
  "PUBLICATION TABLE",
  "PUBLICATION TABLES IN SCHEMA",
  "ROW SECURITY",
  "RULE",
  "STATISTICS",
  "SUBSCRIPTION",
  "TRIGGER",
]);

const OWNER = /^ALTER .* OWNER TO ("(?:[^"]|"")+"|[^\s";]+);$/su;
const TABLESPACE = /^SET default_tablespace = ("(?:[^"]|"")+"|[^\s";']+);$/su;

/**
 * Parts a script that pgstrata or pg_dump wrote (`schema.sql`) at the place of the rows, and leaves out single
 * statements that the target cannot take: owners, grants and tablespaces that are missing.
 *
 * @param known roles of the target, those about to be created included
 */
export function readDefinitionScript(
  script: string,
  wish: DefinitionWish,
  facts: TargetFacts,
  known: ReadonlySet<string>,
): DefinitionScript {
  const before: string[] = [];
  const after: string[] = [];
  const notGranted: string[] = [];
  const notSet = new Map<string, number>();
  const mayOwn = (role: string) => known.has(role) && (facts.role.superuser || facts.role.actsFor.has(role));
  let isAfter = false;
  for (const { text: written, comments } of splitStatements(script)) {
    let text = written;
    const kind = /^-- (?:Data for )?Name: .*; Type: ([A-Z ]+); Schema: /m.exec(comments)?.[1];
    if (kind !== undefined && AFTER_ROWS.has(kind)) isAfter = true;
    const owner = OWNER.exec(text)?.[1];
    if (owner !== undefined) {
      const name = unquoted(owner);
      if (wish.owners === false) continue;
      if (!mayOwn(name)) {
        notSet.set(name, (notSet.get(name) ?? 0) + 1);
        continue;
      }
    }
    if (isAccessStatement(text)) {
      if (!wish.privileges) continue;
      if (facts.major < MAINTAIN_SINCE && hasMaintain(text)) {
        const statement = withoutMaintain(text);
        notGranted.push(`${text} (MAINTAIN came with PostgreSQL ${MAINTAIN_SINCE})`);
        if (statement === null) continue;
        text = statement;
      }
      const missing = rolesOfStatement(text).filter((role) => !known.has(role));
      if (missing.length > 0) {
        notGranted.push(`${text} (there is no role ${missing.join(", ")})`);
        continue;
      }
    }
    const tablespace = TABLESPACE.exec(text)?.[1];
    if (tablespace !== undefined && !facts.tablespaces.has(unquoted(tablespace))) continue;
    (isAfter ? after : before).push(text);
    // Settings hold for all that follows them, in either half.
    if (!isAfter && /^SET (?:default_|check_function_bodies|xmloption|row_security)/.test(text)) after.push(text);
  }
  return {
    before,
    after,
    notGranted,
    ownersNotSet: [...notSet].map(([owner, objects]) => ({ owner, objects })),
  };
}

const MAINTAIN_SINCE = 17;

/** `GRANT SELECT,MAINTAIN ON TABLE …`, and what comes before and after its list of privileges. */
const PRIVILEGE_LIST =
  /^(ALTER DEFAULT PRIVILEGES .*? (?:GRANT|REVOKE) |(?:GRANT|REVOKE) )((?:GRANT OPTION FOR )?)([A-Z ]+(?:,[A-Z ]+)*)( ON .*)$/su;

function hasMaintain(text: string): boolean {
  return PRIVILEGE_LIST.exec(text)?.[3]?.split(",").includes("MAINTAIN") ?? false;
}

/** The statement as older servers take it; null when nothing is left of it. */
function withoutMaintain(text: string): string | null {
  const [, start = "", option = "", list = "", rest = ""] = PRIVILEGE_LIST.exec(text) ?? [];
  const others = list.split(",").filter((word) => word !== "MAINTAIN");
  return others.length === 0 ? null : `${start}${option}${others.join(",")}${rest}`;
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
