import { PgstrataError } from "../base/mod.ts";
import type { RestoreOptions } from "./options.ts";
import type { Way } from "./plan.ts";
import { isEmpty, type TargetFacts } from "./target_facts.ts";

/**
 * Chooses how a restore goes about it (DECISIONS 19).
 *
 * @param whole whether the whole database is restored
 * @throws {PgstrataError} code `refused` when only one way is left and nobody has asked for it
 */
export function chooseWay(options: RestoreOptions, facts: TargetFacts, whole: boolean): Way {
  if (options.intoSchema !== null) return "beside";
  if (options.content === "data-only") return "in_place";
  // Default privileges of the target would add to the access of everything that pg_restore creates.
  if (isEmpty(facts) && facts.ownDefaultPrivileges === 0 && !facts.supabase) return "direct";
  if (!whole || options.inPlace || isEmpty(facts)) return "in_place";
  if (facts.supabase) throw onlyInPlace("Supabase has one database per project");
  if (!facts.role.createDatabase) throw onlyInPlace(`role ${facts.role.name} may not create databases`);
  if (!ownsDatabase(facts)) throw onlyInPlace(`role ${facts.role.name} does not own database ${facts.server.database}`);
  return "swap";
}

/** PostgreSQL renames a database for its owner only. */
function ownsDatabase({ role, databaseOwner }: TargetFacts): boolean {
  return role.superuser || role.actsFor.has(databaseOwner);
}

function onlyInPlace(reason: string): PgstrataError {
  return new PgstrataError("Cannot restore beside the living database and swap them: only in place is possible here", {
    code: "refused",
    context: { reason },
    hint: "--in-place replaces what the backup holds in one transaction: either all of it happens, or nothing. " +
      "The tables are locked until it ends.",
  });
}
