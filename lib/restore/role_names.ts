import type { TocEntry } from "../archive/mod.ts";
import { splitStatements } from "./sql_statements.ts";

/** A name as pg_dump writes it: bare or in double quotes. */
const NAME = `("(?:[^"]|"")+"|[^\\s",;]+)`;

const GRANTEE = new RegExp(
  ` (?:TO|FROM) (?:GROUP )?${NAME}(?: WITH GRANT OPTION)?(?: GRANTED BY ${NAME})?(?: CASCADE| RESTRICT)?;?$`,
  "su",
);
const DEFAULT_OF = new RegExp(`^ALTER DEFAULT PRIVILEGES FOR ROLE ${NAME} `, "su");
const AUTHORIZATION = new RegExp(`^SET SESSION AUTHORIZATION ${NAME};?$`, "su");
const ROLE_LIST = new RegExp(
  `^(?: AS (?:RESTRICTIVE|PERMISSIVE))?(?: FOR (?:ALL|SELECT|INSERT|UPDATE|DELETE))? TO (${NAME}(?:, ${NAME})*)(?= USING | WITH CHECK |;)`,
  "su",
);

/** Roles that a GRANT, REVOKE, ALTER DEFAULT PRIVILEGES or SET SESSION AUTHORIZATION names; PUBLIC is none. */
export function rolesOfStatement(statement: string): string[] {
  const roles = [DEFAULT_OF.exec(statement)?.[1], GRANTEE.exec(statement)?.[1], AUTHORIZATION.exec(statement)?.[1]];
  return roles.flatMap((name) => name === undefined || name === "PUBLIC" ? [] : [unquoted(name)]);
}

/** Whether a statement grants or revokes. */
export function isAccessStatement(statement: string): boolean {
  return /^(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES) /.test(statement);
}

/** Whether a statement changes who acts: what follows is granted by that role. */
export function authorizationOf(statement: string): string | null | undefined {
  if (/^RESET SESSION AUTHORIZATION;?$/.test(statement)) return null;
  const name = AUTHORIZATION.exec(statement)?.[1];
  return name === undefined ? undefined : unquoted(name);
}

/** Roles without which an entry cannot be restored; owners apart. */
export function rolesOfEntry(entry: TocEntry): string[] {
  const defn = entry.defn ?? "";
  switch (entry.desc) {
    case "ACL":
    case "DEFAULT ACL":
    case "ACL LANGUAGE":
      return [...new Set([...splitStatements(defn)].flatMap(({ text }) => rolesOfStatement(text)))];
    case "POLICY":
      return rolesOfPolicy(entry);
    case "USER MAPPING": {
      const name = new RegExp(`^CREATE USER MAPPING FOR ${NAME} SERVER `, "su").exec(defn)?.[1];
      return name === undefined || /^(?:PUBLIC|CURRENT_USER|USER)$/i.test(name) ? [] : [unquoted(name)];
    }
    default:
      return [];
  }
}

/** `CREATE POLICY name ON table …`: the same name and table stand in the DROP statement. */
function rolesOfPolicy(entry: TocEntry): string[] {
  const head = (entry.dropStmt ?? "").replace(/^DROP /, "CREATE ").replace(/;\n$/, "");
  const defn = entry.defn ?? "";
  if (head === "" || !defn.startsWith(head)) return [];
  const list = ROLE_LIST.exec(defn.slice(head.length))?.[1] ?? "";
  return [...list.matchAll(new RegExp(NAME, "gsu"))].flatMap(([name]) => name === "PUBLIC" ? [] : [unquoted(name)]);
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
