import { ownerStatement, type Toc, type TocEntry } from "../archive/mod.ts";
import type { TargetFacts } from "./target_facts.ts";

/** How owners are restored. */
export interface Owners {
  /** Whether PostgreSQL's programs set them all. */
  readonly all: boolean;
  /** Where not: statements for those that can be set, to be run after everything else. */
  readonly statements: readonly string[];
  /** Owners that cannot be set, with the number of their objects. */
  readonly notSet: readonly { readonly owner: string; readonly objects: number }[];
}

/**
 * Settles how owners are restored: all of them where the role may and they exist; else those that can be.
 *
 * @param wish null: as far as possible
 * @param known roles of the target, those that were created included
 */
export function settleOwners(
  toc: Toc,
  entries: readonly TocEntry[],
  wish: boolean | null,
  facts: TargetFacts,
  known: ReadonlySet<string>,
): Owners {
  if (wish === false) return { all: false, statements: [], notSet: [] };
  const { role } = facts;
  const may = (owner: string) => known.has(owner) && (role.superuser || role.actsFor.has(owner));
  const owned = entries.flatMap((entry) => {
    const statement = ownerStatement(entry, toc.header);
    return statement === null ? [] : [{ owner: entry.owner ?? "", statement }];
  });
  if (owned.every(({ owner }) => may(owner))) return { all: true, statements: [], notSet: [] };
  const counts = new Map<string, number>();
  for (const { owner } of owned) if (!may(owner)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return {
    all: false,
    statements: owned.filter(({ owner }) => may(owner) && owner !== role.name).map(({ statement }) => statement),
    notSet: [...counts].map(([owner, objects]) => ({ owner, objects })),
  };
}
