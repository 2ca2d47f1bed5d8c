import { quoteIdentifier } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import type { Session } from "../connection/mod.ts";
import { accessBeyond, accessList, OWNER, type Privilege, readPrivileges } from "../inventory/mod.ts";

/**
 * Compares access lists with the backup's: who may do more than in the source? Owners may do everything with what is
 * theirs and are not counted. Objects of which the backup knows nothing are not looked at.
 *
 * @param schemas only objects in these; null is all
 * @returns a line for each widening: `INSERT, SELECT to anon on table public.orders`
 */
export async function findWidenedAccess(
  session: Session,
  manifest: Manifest,
  schemas: ReadonlySet<string> | null,
): Promise<string[]> {
  const isWanted = ({ kind, object }: Privilege) =>
    schemas === null ||
    [...schemas].some((name) =>
      kind === "schema" ? object === name && name !== "public" : object.startsWith(`${quoteIdentifier(name)}.`)
    );
  const before = new Map(manifest.privileges.map((row) => [key(row), row]));
  const widened: string[] = [];
  for (const now of await readPrivileges(session)) {
    const then = before.get(key(now));
    if (then === undefined || !isWanted(now) || now.kind === "database" || now.kind === "default") continue;
    const list = new Map(accessList(now.acl, now.kind, now.owner));
    for (const owner of [OWNER, then.owner]) list.delete(owner);
    for (const more of accessBeyond(list, accessList(then.acl, then.kind, then.owner))) {
      widened.push(`${more} on ${now.kind} ${now.object}`);
    }
  }
  return widened;
}

function key({ kind, object }: Pick<Privilege, "kind" | "object">): string {
  return `${kind} ${object}`;
}
