import { splitStatements } from "./sql_statements.ts";

/** One role of `roles.sql`. */
export interface ScriptRole {
  readonly name: string;
  /** Attributes after WITH, as written: `NOSUPERUSER`, `LOGIN`, `PASSWORD 'SCRAM…'`, `CONNECTION LIMIT 3` … */
  readonly attributes: readonly string[];
  /** `ALTER ROLE … SET …` and `COMMENT ON ROLE …`, whole. */
  readonly statements: readonly string[];
}

/** A membership of `roles.sql`. */
export interface ScriptMembership {
  readonly role: string;
  readonly member: string;
  /** ` WITH ADMIN OPTION` or the options of 16 and newer; may be empty. */
  readonly options: string;
}

/** What `pg_dumpall --globals-only` says of roles. */
export interface RoleScript {
  readonly roles: readonly ScriptRole[];
  readonly memberships: readonly ScriptMembership[];
}

const NAME = `("(?:[^"]|"")+"|[^\\s",;]+)`;
const CREATE = new RegExp(`^CREATE ROLE ${NAME};$`, "su");
const ALTER = new RegExp(`^ALTER ROLE ${NAME} WITH (.*);$`, "su");
const SETTING = new RegExp(`^ALTER ROLE ${NAME} (?:IN DATABASE ${NAME} )?(?:SET|RESET) `, "su");
const COMMENT = new RegExp(`^COMMENT ON ROLE ${NAME} IS `, "su");
const GRANT = new RegExp(`^GRANT ${NAME} TO ${NAME}( WITH .*?)?(?: GRANTED BY ${NAME})?;$`, "su");

/** One attribute; those with values keep them together. */
const ATTRIBUTE = /CONNECTION LIMIT -?\d+|(?:PASSWORD|VALID UNTIL) (?:E?'(?:[^'\\]|''|\\.)*'|NULL)|\S+/gsu;

/** Reads the roles out of `roles.sql`. Statements of other kinds (tablespaces, settings of the session) are passed over. */
export function readRoleScript(script: string): RoleScript {
  const roles = new Map<string, { attributes: string[]; statements: string[] }>();
  const memberships: ScriptMembership[] = [];
  const of = (name: string) => {
    const role = roles.get(name) ?? { attributes: [], statements: [] };
    roles.set(name, role);
    return role;
  };
  for (const { text } of splitStatements(script)) {
    const [created, altered, granted] = [CREATE.exec(text), ALTER.exec(text), GRANT.exec(text)];
    const about = SETTING.exec(text) ?? COMMENT.exec(text);
    if (created !== null) of(unquoted(created[1]));
    else if (altered !== null) of(unquoted(altered[1])).attributes.push(...(altered[2] ?? "").match(ATTRIBUTE) ?? []);
    else if (granted !== null) {
      memberships.push({ role: unquoted(granted[1]), member: unquoted(granted[2]), options: granted[3] ?? "" });
    } else if (about !== null) of(unquoted(about[1])).statements.push(text);
  }
  return { roles: [...roles].map(([name, role]) => ({ name, ...role })), memberships };
}

function unquoted(name = ""): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
