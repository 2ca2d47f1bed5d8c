import type { Toc } from "../archive/mod.ts";
import { quoteIdentifier } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import { isOfDatabase } from "./entry_names.ts";
import { rolesOfStatement } from "./role_names.ts";
import { splitStatements } from "./sql_statements.ts";

/**
 * The statements of an archive that are about the database as a whole (comment, settings, privileges), for a database of
 * another name. Those that create it are not among them.
 */
export function databaseStatements(toc: Toc, name: string): string[] {
  const from = quoteIdentifier(toc.header.database ?? "");
  const to = quoteIdentifier(name);
  const starts = [
    `ALTER DATABASE ${from} `,
    `COMMENT ON DATABASE ${from} IS `,
    `SECURITY LABEL FOR `,
  ];
  return toc.entries.filter((entry) => isOfDatabase(entry) && entry.desc !== "DATABASE")
    .flatMap((entry) => [...splitStatements(entry.defn ?? "")].map(({ text }) => text))
    .flatMap((text) => {
      const start = starts.find((one) => text.startsWith(one));
      if (start !== undefined) {
        return [start.replace(` DATABASE ${from} `, () => ` DATABASE ${to} `) + text.slice(start.length)];
      }
      const role = /^ALTER ROLE (?:"(?:[^"]|"")+"|\S+) IN DATABASE /su.exec(text)?.[0];
      if (role !== undefined && text.startsWith(`${role}${from} `)) {
        return [`${role}${to} ${text.slice(role.length + from.length + 1)}`];
      }
      const access = /^(?:GRANT|REVOKE) [A-Z, ]+ ON DATABASE /.exec(text)?.[0];
      return access !== undefined && text.startsWith(`${access}${from} `)
        ? [`${access}${to} ${text.slice(access.length + from.length + 1)}`]
        : [];
    });
}

/** The statement that gives a database of another name the owner of the archive's; none where the archive says none. */
export function databaseOwner(toc: Toc, name: string): string[] {
  const owner = toc.entries.find(({ desc }) => desc === "DATABASE")?.owner ?? "";
  return owner === "" ? [] : [`ALTER DATABASE ${quoteIdentifier(name)} OWNER TO ${quoteIdentifier(owner)}`];
}

/** Runs them one by one; gives those that the server refused or that name a role that is missing, with the reason. */
export async function applyDatabaseStatements(
  session: Session,
  statements: readonly string[],
  known: ReadonlySet<string> | null,
): Promise<string[]> {
  const refused: string[] = [];
  for (const statement of statements) {
    const missing = rolesOfStatement(statement).filter((role) => known !== null && !known.has(role));
    if (missing.length > 0) {
      refused.push(`${statement} (there is no role ${missing.join(", ")})`);
      continue;
    }
    try {
      await session.execute(statement);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      refused.push(`${statement} (${error.serverMessage})`);
    }
  }
  return refused;
}

// Settings by quote_literal; lists such as search_path are kept as one text and set through set_config's rules.
const PROPERTIES = `
SELECT pg_catalog.format('ALTER DATABASE %I OWNER TO %I', $2::pg_catalog.text, pg_catalog.pg_get_userbyid(d.datdba)) AS statement
FROM pg_catalog.pg_database AS d WHERE d.datname = $1
UNION ALL
SELECT pg_catalog.format('ALTER DATABASE %I CONNECTION LIMIT %s', $2::pg_catalog.text, d.datconnlimit)
FROM pg_catalog.pg_database AS d WHERE d.datname = $1 AND d.datconnlimit <> -1
UNION ALL
SELECT pg_catalog.format('COMMENT ON DATABASE %I IS %s', $2::pg_catalog.text,
  COALESCE(pg_catalog.quote_literal(pg_catalog.shobj_description(d.oid, 'pg_database')), 'NULL'))
FROM pg_catalog.pg_database AS d WHERE d.datname = $1
UNION ALL
SELECT CASE WHEN s.setrole = 0 THEN pg_catalog.format('ALTER DATABASE %I', $2::pg_catalog.text)
    ELSE pg_catalog.format('ALTER ROLE %I IN DATABASE %I', pg_catalog.pg_get_userbyid(s.setrole), $2::pg_catalog.text) END
  || pg_catalog.format(' SET %s TO %s', (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(part), '.')
      FROM pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.split_part(c.setting, '=', 1), '.')) AS part),
    CASE WHEN pg_catalog.lower(pg_catalog.split_part(c.setting, '=', 1)) = ANY (ARRAY['local_preload_libraries', 'search_path',
        'session_preload_libraries', 'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories', 'datestyle'])
      THEN CASE WHEN v.value = '' THEN $$''$$ ELSE v.value END ELSE pg_catalog.quote_literal(v.value) END)
FROM pg_catalog.pg_db_role_setting AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase AND d.datname = $1
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (setting)
CROSS JOIN LATERAL (SELECT pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') + 1)) AS v (value)
UNION ALL
SELECT pg_catalog.format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $2::pg_catalog.text)
FROM pg_catalog.pg_database AS d WHERE d.datname = $1 AND d.datacl IS NOT NULL
UNION ALL
SELECT pg_catalog.format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, $2::pg_catalog.text,
  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_catalog.pg_database AS d CROSS JOIN LATERAL pg_catalog.aclexplode(d.datacl) AS a WHERE d.datname = $1`;

/** Gives one database the owner, comment, settings, limit and privileges of another; what is refused is told. */
export async function copyDatabaseProperties(session: Session, from: string, to: string): Promise<string[]> {
  const rows = await session.query<{ statement: string }>(PROPERTIES, [from, to]);
  return await applyDatabaseStatements(session, rows.map(({ statement }) => statement), null);
}
