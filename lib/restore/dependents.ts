import type { Toc } from "../archive/mod.ts";

/** dumpIds of entries that need one of some others, directly or through others; those themselves are not in it. */
export function dependentsOf(toc: Toc, dumpIds: ReadonlySet<number>): Map<number, number> {
  const users = new Map<number, number[]>();
  for (const entry of toc.entries) {
    for (const dependency of entry.dependencies) {
      const list = users.get(dependency) ?? [];
      list.push(entry.dumpId);
      users.set(dependency, list);
    }
  }
  const found = new Map<number, number>();
  const visit = (dumpId: number, root: number): void => {
    for (const user of users.get(dumpId) ?? []) {
      if (found.has(user) || dumpIds.has(user)) continue;
      found.set(user, root);
      visit(user, root);
    }
  };
  for (const dumpId of dumpIds) visit(dumpId, dumpId);
  return found;
}
