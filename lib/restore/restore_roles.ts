import { messageOf, PgstrataError, quoteIdentifier } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import { membershipOptions } from "./membership_options.ts";
import type { RoleScript, ScriptMembership, ScriptRole } from "./role_script.ts";
import { isReservedRole } from "./supabase_names.ts";
import type { TargetFacts } from "./target_facts.ts";

/** What was done about roles. */
export interface RolesOutcome {
  readonly created: readonly string[];
  /** Created roles that may log in and have no password: the backup's role could not read it. */
  readonly withoutPassword: readonly string[];
  /** What could not be done, in words. */
  readonly problems: readonly string[];
}

/** Attributes that only a superuser may hand out; setting their opposites is refused as well. */
const SUPERUSER_ATTRIBUTES = /^(?:NO)?(?:SUPERUSER|REPLICATION|BYPASSRLS)$/;

/**
 * Creates the roles that are missing, with attributes, settings, comments and memberships, all in one transaction.
 * Roles that exist stay as they are; Supabase's own are left alone on its servers.
 *
 * @param wanted names to create; null is all
 * @throws {PgstrataError} when the server refuses; no role was created then
 */
export async function restoreRoles(
  session: Session,
  facts: TargetFacts,
  script: RoleScript,
  wanted: ReadonlySet<string> | null,
): Promise<RolesOutcome> {
  const missing = script.roles.filter(({ name }) => !facts.roles.has(name) && (wanted === null || wanted.has(name)));
  const problems = missing.filter(({ name }) => facts.supabase && isReservedRole(name))
    .map(({ name }) => `role ${name} is one of Supabase's own: left alone`);
  const roles = missing.filter(({ name }) => !(facts.supabase && isReservedRole(name)));
  if (roles.length === 0) return { created: [], withoutPassword: [], problems };
  if (!facts.role.createRole) {
    const names = roles.map(({ name }) => name).join(", ");
    return { created: [], withoutPassword: [], problems: [...problems, `${facts.role.name} may not create: ${names}`] };
  }
  await session.execute("BEGIN");
  try {
    for (const role of roles) problems.push(...await createRole(session, facts, role));
    const known = new Set([...facts.roles, ...roles.map(({ name }) => name)]);
    const created = new Set(roles.map(({ name }) => name));
    for (const membership of script.memberships) {
      if (!created.has(membership.role) && !created.has(membership.member)) continue;
      if (!known.has(membership.role) || !known.has(membership.member)) continue;
      const problem = await grant(session, membership);
      if (problem !== null) problems.push(problem);
    }
    await session.execute("COMMIT");
  } catch (cause) {
    await session.execute("ROLLBACK").catch(() => {});
    if (!(cause instanceof QueryError)) throw cause;
    throw new PgstrataError("Cannot create the missing roles: the server refused", {
      cause: new Error(cause.serverMessage),
      hint: "Create them by hand and restore with --no-roles; roles.sql in the backup's folder has them all.",
    });
  }
  return {
    created: roles.map(({ name }) => name),
    withoutPassword: roles.filter(hasNoPassword).map(({ name }) => name),
    problems,
  };
}

async function createRole(session: Session, facts: TargetFacts, role: ScriptRole): Promise<string[]> {
  const allowed = role.attributes.filter((word) => facts.role.superuser || !SUPERUSER_ATTRIBUTES.test(word));
  const dropped = role.attributes.filter((word) => !allowed.includes(word) && !word.startsWith("NO"));
  await session.execute(`CREATE ROLE ${quoteIdentifier(role.name)} ${allowed.join(" ")}`);
  const problems = dropped.length === 0 ? [] : [
    `role ${role.name} was created without ${dropped.join(", ")}: only a superuser may give that`,
  ];
  for (const statement of role.statements) {
    const problem = await attempt(session, statement, `a setting or comment of role ${role.name} was refused`);
    if (problem !== null) problems.push(problem);
  }
  return problems;
}

/** Without `GRANTED BY`: the grantor of the source may not exist here, or not be allowed to. */
async function grant(session: Session, membership: ScriptMembership): Promise<string | null> {
  const { role, member } = membership;
  const problem = `membership of ${member} in ${role} was refused`;
  const [found] = await session.query<{ inherits: boolean }>(
    "SELECT rolinherit AS inherits FROM pg_catalog.pg_roles WHERE rolname = $1",
    [member],
  );
  const here = membershipOptions(membership.options, session.serverMajor, found?.inherits ?? true);
  if ("refused" in here) return `${problem}: ${here.refused}`;
  return attempt(session, `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(member)}${here.options}`, problem);
}

/** Runs one statement that may be refused without ending the transaction; gives what to say then. */
async function attempt(session: Session, statement: string, problem: string): Promise<string | null> {
  await session.execute("SAVEPOINT one");
  try {
    await session.execute(statement);
    return null;
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    await session.execute("ROLLBACK TO SAVEPOINT one");
    return `${problem}: ${messageOf(error.cause)}`;
  }
}

/** Whether a role may log in and has no password in the backup. */
export function hasNoPassword({ attributes }: ScriptRole): boolean {
  return attributes.includes("LOGIN") && !attributes.some((word) => word.startsWith("PASSWORD "));
}
