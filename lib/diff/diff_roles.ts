import { splitStatements } from "../verify/mod.ts";
import type { RoleChange } from "./database_diff.ts";

interface Role {
  readonly statements: Set<string>;
  password: string | null;
}

/** Roles from two `roles.sql`: attributes, memberships, settings. Passwords are compared and never shown. */
export function diffRoles(before: string, after: string): RoleChange[] {
  const old = rolesOf(before);
  const now = rolesOf(after);
  const changes: RoleChange[] = [];
  for (const role of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const one = old.get(role);
    const other = now.get(role);
    const gone = [...one?.statements ?? []].filter((statement) => !other?.statements.has(statement));
    const come = [...other?.statements ?? []].filter((statement) => !one?.statements.has(statement));
    const passwordChanged = (one?.password ?? null) !== null && (other?.password ?? null) !== null &&
      one?.password !== other?.password;
    if (gone.length === 0 && come.length === 0 && !passwordChanged) continue;
    const change = one === undefined ? "added" : other === undefined ? "removed" : "changed";
    changes.push({ change, role, gone, come, passwordChanged });
  }
  return changes;
}

const NAME = `("(?:[^"]|"")*"|[^\\s;]+)`;
const OF_ROLE = new RegExp(`^(?:CREATE|ALTER) ROLE ${NAME}|^COMMENT ON ROLE ${NAME}|^GRANT [^]*? TO ${NAME}`);
const PASSWORD = / PASSWORD '((?:[^']|'')*)'/;

function rolesOf(script: string): Map<string, Role> {
  const roles = new Map<string, Role>();
  for (const statement of splitStatements(script)) {
    const match = OF_ROLE.exec(statement);
    const quoted = match?.[1] ?? match?.[2] ?? match?.[3];
    if (quoted === undefined) continue;
    const name = quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted;
    const role = roles.get(name) ?? { statements: new Set<string>(), password: null };
    roles.set(name, role);
    role.password = PASSWORD.exec(statement)?.[1] ?? role.password;
    // Who granted a membership is whoever restored it.
    role.statements.add(statement.replace(PASSWORD, "").replace(/ GRANTED BY ("(?:[^"]|"")*"|\S+)$/, ""));
  }
  return roles;
}
