import { QueryError, type Session } from "../connection/mod.ts";
import { splitStatements } from "./split_statements.ts";

/** Objects that exist already: the superuser of the cluster, most of all. */
const EXISTS: ReadonlySet<string> = new Set(["42710"]);

/** What came of roles. */
export interface RolesOutcome {
  readonly created: number;
  /** Statements that were refused, with the server's reason. */
  readonly problems: readonly string[];
}

/**
 * Runs `roles.sql` statement by statement: a role that exists keeps going. Passwords are taken as they are, or left out
 * where they are not in the file. With `onlyMissing` roles that exist are left alone altogether. Tablespaces are made inside the cluster's own folder (15 and newer), never at the
 * paths of another machine.
 */
export async function applyRoles(
  session: Session,
  script: string,
  options: { readonly onlyMissing?: boolean } = {},
): Promise<RolesOutcome> {
  const problems: string[] = [];
  let created = 0;
  const inPlace = session.serverMajor >= 15 && options.onlyMissing !== true;
  if (inPlace) await session.execute("SET allow_in_place_tablespaces = on");
  const existing = options.onlyMissing === true ? await roleNames(session) : new Set<string>();
  for (const statement of splitStatements(script)) {
    if (/^(?:SET|SELECT|\\)/i.test(statement) || concernsOnly(statement, existing)) continue;
    const text = inPlace ? statement.replace(/^(CREATE TABLESPACE .*) LOCATION '.*'$/s, "$1 LOCATION ''") : statement;
    if (!inPlace && /^(?:CREATE|ALTER|COMMENT ON|GRANT .*|REVOKE .*) TABLESPACE /.test(text)) continue;
    try {
      await session.execute(text);
      if (/^CREATE ROLE /.test(text)) created++;
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      if (!EXISTS.has(error.sqlstate)) problems.push(`${firstWords(text)}: ${error.serverMessage}`);
    }
  }
  return { created, problems };
}

async function roleNames(session: Session): Promise<Set<string>> {
  const rows = await session.query<{ name: string }>("SELECT rolname AS name FROM pg_catalog.pg_roles");
  return new Set(rows.map(({ name }) => name));
}

/** Whether a statement changes nothing but roles that are there already. */
function concernsOnly(statement: string, existing: ReadonlySet<string>): boolean {
  if (existing.size === 0) return false;
  const [, role, member] =
    /^(?:CREATE|ALTER|COMMENT ON) ROLE ("(?:[^"]|"")*"|[^\s;]+)|^GRANT .* TO ("(?:[^"]|"")*"|[^\s;]+)/s.exec(
      statement,
    ) ?? [];
  const name = role ?? member;
  return name === undefined || existing.has(unquoted(name));
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** The superusers that `roles.sql` makes; the first word of each `ALTER ROLE … SUPERUSER`. */
export function superusersOf(script: string): string[] {
  return splitStatements(script).flatMap((statement) => {
    const match = /^ALTER ROLE ("(?:[^"]|"")*"|\S+) WITH SUPERUSER /.exec(statement);
    return match?.[1] === undefined ? [] : [unquoted(match[1])];
  });
}

/** Enough to recognise a statement; never a password. */
function firstWords(statement: string): string {
  return statement.replace(/ PASSWORD .*$/s, "").replaceAll(/\s+/g, " ").slice(0, 80);
}
