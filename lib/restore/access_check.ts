import { quoteIdentifier } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import type { Session } from "../connection/mod.ts";
import { type Privilege, readPrivileges } from "../inventory/mod.ts";

/**
 * Compares access lists with the backup's: who may do more than in the source? Owners may do everything with what is
 * theirs and are not counted. Objects of which the backup knows nothing are not looked at.
 *
 * @param schemas only objects in these; null is all
 * @returns a line for each widening: `anon: INSERT, SELECT on table public.orders`
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
  // GRANT ALL of an older server means what the newer one calls all.
  const isNewer = (letter: string) => letter === "m" && manifest.server.versionNumber < 170_000;
  const before = new Map(manifest.privileges.map((row) => [key(row), row]));
  const widened: string[] = [];
  for (const now of await readPrivileges(session)) {
    const then = before.get(key(now));
    if (then === undefined || !isWanted(now) || now.kind === "database" || now.kind === "default") continue;
    const allowed = grants(then);
    for (const [grantee, privileges] of grants(now)) {
      if (grantee === now.owner || grantee === then.owner) continue;
      const had = allowed.get(grantee) ?? new Set<string>();
      const more = [...privileges].filter((letter) => !had.has(letter) && !isNewer(letter));
      if (more.length === 0) continue;
      const words = more.map((letter) => WORDS[letter] ?? letter).sort().join(", ");
      widened.push(`${grantee === "" ? "everybody" : grantee}: ${words} on ${now.kind} ${now.object}`);
    }
  }
  return widened;
}

const WORDS: Readonly<Record<string, string>> = {
  r: "SELECT",
  a: "INSERT",
  w: "UPDATE",
  d: "DELETE",
  D: "TRUNCATE",
  x: "REFERENCES",
  t: "TRIGGER",
  m: "MAINTAIN",
  X: "EXECUTE",
  U: "USAGE",
  C: "CREATE",
  c: "CONNECT",
  T: "TEMPORARY",
  s: "SET",
  A: "ALTER SYSTEM",
};

/** What everybody may do where there is no access list. */
const BUILT_IN: Readonly<Record<string, string>> = {
  function: "X",
  procedure: "X",
  aggregate: "X",
  type: "U",
  language: "U",
};

/** Letters of privileges by grantee; everybody is "". */
function grants({ kind, acl }: Pick<Privilege, "kind" | "acl">): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  if (acl === null) {
    const builtIn = BUILT_IN[kind];
    return builtIn === undefined ? found : new Map([["", new Set(builtIn)]]);
  }
  for (const item of acl) {
    const match = /^(?:"((?:[^"]|"")*)"|([^=]*))=([a-zA-Z*]*)\//s.exec(item);
    if (match === null) continue;
    const grantee = match[1]?.replaceAll('""', '"') ?? match[2] ?? "";
    found.set(grantee, new Set((match[3] ?? "").replaceAll("*", "")));
  }
  return found;
}

function key({ kind, object }: Pick<Privilege, "kind" | "object">): string {
  return `${kind} ${object}`;
}
