import { qualifiedName, quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { countUnreadableLargeObjects, type Relation, type ServerFacts } from "../inventory/mod.ts";
import { type Check, ok, problem, shortened, warning } from "./check.ts";
import { shellQuoted } from "./shell_quoted.ts";

/** Whose rows, or value, a backup reads: the same as `lib/backup/readability.ts`. */
const READ_KINDS: ReadonlySet<Relation["kind"]> = new Set(["table", "partitioned_table", "sequence"]);

const ROLE = `
SELECT r.rolsuper AS super, r.rolbypassrls AS bypass,
  pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS authid,
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class AS c WHERE c.relrowsecurity)::pg_catalog.int4 AS secured
FROM pg_catalog.pg_roles AS r WHERE r.rolname = CURRENT_USER`;

interface RoleRow {
  readonly super: boolean;
  readonly bypass: boolean;
  readonly authid: boolean;
  readonly secured: number;
}

/** What this role cannot read, relation by relation, and what it could not read tomorrow. */
export async function privilegeChecks(
  session: Session,
  relations: readonly Relation[],
  server: ServerFacts,
): Promise<Check[]> {
  const [role] = await session.query<RoleRow>(ROLE);
  if (role === undefined) throw new Error("pg_roles has no row for the current user");
  const needed = relations.filter(({ kind, extension, extensionConfiguration }) =>
    READ_KINDS.has(kind) && (extension === null || extensionConfiguration)
  );
  const hidden = needed.filter(({ unreadableReason }) => unreadableReason?.startsWith("row-level") === true);
  const unreadable = needed.filter((relation) => !relation.readable && !hidden.includes(relation));
  return [
    unreadableCheck(unreadable, needed.length, server, session.serverMajor),
    rowSecurityCheck(hidden, role, server),
    await largeObjectCheck(session, server),
    role.authid ? ok("roles", "roles are read with their password hashes") : ok(
      "roles",
      "roles are read without password hashes, which only a superuser sees: set them anew after a restore",
    ),
  ];
}

function unreadableCheck(unreadable: readonly Relation[], all: number, server: ServerFacts, major: number): Check {
  if (unreadable.length === 0) return ok("privileges", `${server.user} may read all ${all} tables and sequences`);
  const role = quoteIdentifier(server.user);
  const schemas = [...new Set(unreadable.map(({ schema }) => quoteIdentifier(schema)))];
  const fix = major >= 14
    ? `psql -c ${shellQuoted(`GRANT pg_read_all_data TO ${role}`)}   # as an administrator; or --skip-unreadable`
    : `psql -c ${
      shellQuoted(
        `GRANT USAGE ON SCHEMA ${schemas.join(", ")} TO ${role}; ` +
          `GRANT SELECT ON ALL TABLES IN SCHEMA ${schemas.join(", ")} TO ${role}`,
      )
    }   # as an administrator`;
  return problem(
    "privileges",
    `${server.user} cannot read ${unreadable.length} of ${all} tables and sequences: a backup refuses`,
    fix,
    shortened(
      unreadable.map((relation) => `${qualifiedName(relation.schema, relation.name)}: ${relation.unreadableReason}`),
    ),
  );
}

function rowSecurityCheck(hidden: readonly Relation[], role: RoleRow, server: ServerFacts): Check {
  const fix = `psql -c ${shellQuoted(`ALTER ROLE ${quoteIdentifier(server.user)} BYPASSRLS`)}   # as an administrator`;
  if (hidden.length > 0) {
    return problem(
      "row_security",
      `row-level security hides rows of ${
        hidden.length === 1 ? "a table" : `${hidden.length} tables`
      } from ${server.user}: pg_dump fails with ` +
        '"query would be affected by row-level security policy"',
      fix,
      shortened(hidden.map(({ schema, name }) => qualifiedName(schema, name))),
    );
  }
  if (role.super || role.bypass) return ok("row_security", `${server.user} bypasses row-level security`);
  return role.secured === 0 ? ok("row_security", "no table has row-level security") : warning(
    "row_security",
    `${server.user} sees all rows now, but has no BYPASSRLS: a table of another owner that gets row-level security ` +
      "will stop the backup",
    fix,
  );
}

async function largeObjectCheck(session: Session, server: ServerFacts): Promise<Check> {
  const count = await countUnreadableLargeObjects(session);
  return count === 0 ? ok("large_objects", "all large objects can be read") : problem(
    "large_objects",
    `${server.user} cannot read ${count} large objects`,
    "Back up as their owner, or grant SELECT ON LARGE OBJECT; --skip-unreadable leaves them out",
  );
}
