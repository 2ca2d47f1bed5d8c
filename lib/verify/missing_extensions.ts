import type { Toc, TocEntry } from "../archive/mod.ts";
import type { ExtensionRow } from "../catalog/mod.ts";
import type { Session } from "../connection/mod.ts";

/** What of a backup cannot be restored into a server. */
export interface Unavailable {
  /** Extensions, with the reason: not installed, or another version. */
  readonly extensions: ReadonlyMap<string, string>;
  /** Those that are not installed. */
  readonly absent: ReadonlySet<string>;
  /** dumpIds of entries that depend on an extension that is not installed, with the reason. */
  readonly entries: ReadonlyMap<number, string>;
}

/** Finds what depends on extensions that a server does not have (DECISIONS 18). */
export async function findUnavailable(
  session: Session,
  extensions: readonly ExtensionRow[],
  toc: Toc | null,
): Promise<Unavailable> {
  const rows = await session.query<{ name: string; version: string | null }>(
    "SELECT name, coalesce(installed_version, default_version) AS version FROM pg_catalog.pg_available_extensions",
  );
  const available = new Map(rows.map(({ name, version }) => [name, version]));
  const reasons = new Map<string, string>();
  const absent = new Set<string>();
  for (const { name, version } of extensions) {
    const here = available.get(name);
    if (here === undefined) {
      absent.add(name);
      reasons.set(name, "is not installed on this machine");
    } else if (here !== version) reasons.set(name, `version ${here} is here instead of ${version}`);
  }
  return { extensions: reasons, absent, entries: dependents(toc?.entries ?? [], absent) };
}

/** Entries of absent extensions and all that depends on them. */
function dependents(entries: readonly TocEntry[], absent: ReadonlySet<string>): Map<number, string> {
  const reasons = new Map<number, string>();
  const dependentsOf = new Map<number, TocEntry[]>();
  for (const entry of entries) {
    for (const dependency of entry.dependencies) {
      const list = dependentsOf.get(dependency);
      if (list === undefined) dependentsOf.set(dependency, [entry]);
      else list.push(entry);
    }
  }
  const waiting: TocEntry[] = [];
  const leaveOut = (entry: TocEntry, reason: string) => {
    if (reasons.has(entry.dumpId)) return;
    reasons.set(entry.dumpId, reason);
    waiting.push(entry);
  };
  for (const entry of entries) {
    if (entry.desc === "EXTENSION" && absent.has(entry.tag ?? "")) {
      leaveOut(entry, `extension ${entry.tag} is not installed on this machine`);
    }
  }
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    const reason = (reasons.get(entry.dumpId) ?? "").replace(/^extension/, "needs extension").replace(
      /^needs needs/,
      "needs",
    );
    for (const other of dependentsOf.get(entry.dumpId) ?? []) {
      leaveOut(other, reason.replace(/ is not installed.*$/, ", which is not installed on this machine"));
    }
  }
  return reasons;
}
