import type { Toc, TocEntry } from "../archive/mod.ts";
import { PgstrataError, quoteIdentifier } from "../base/mod.ts";
import { isAccessList, splitAccessLists } from "./access_lists.ts";
import { dependentsOf } from "./dependents.ts";
import { entryText, isAttached, leaveOut } from "./entry_names.ts";
import { dataOfMissingExtensions } from "./extension_data.ts";
import type { RestoreOptions } from "./options.ts";
import { type Owners, settleOwners } from "./owners.ts";
import { platformVerdict, refusedToOrdinaryRole } from "./platform_rules.ts";
import type { LeftOut } from "./plan.ts";
import { rolesOfEntry } from "./role_names.ts";
import type { TargetFacts } from "./target_facts.ts";

/** What of an archive is restored, and how. */
export interface WorkList {
  /** For PostgreSQL's programs, in archive order. */
  readonly entries: readonly TocEntry[];
  /** Rows and sequence values that go into tables of the platform. */
  readonly platformRows: readonly TocEntry[];
  readonly leftOut: readonly LeftOut[];
  /** Extensions that are left out, with the reason. */
  readonly extensionsLeftOut: ReadonlyMap<string, string>;
  readonly owners: Owners;
  /** Statements to run after everything else: owners and privileges that need care. */
  readonly after: readonly string[];
  readonly notGranted: readonly string[];
}

type Wish = Pick<RestoreOptions, "owners" | "privileges" | "force" | "intoSchema">;

/**
 * Sorts the chosen entries by what the target takes.
 *
 * @param known roles of the target, those about to be created included
 * @param existing policies and triggers that stand on the platform's tables; see `hangingKey`
 * @throws {PgstrataError} when an extension, Supabase's webhooks, or a role that a policy names is missing
 */
export function buildWorkList(
  toc: Toc,
  chosen: readonly TocEntry[],
  wish: Wish,
  facts: TargetFacts,
  known: ReadonlySet<string>,
  existing: ReadonlySet<string>,
): WorkList {
  const leftOut = new Map<number, LeftOut>();
  const platformRows: TocEntry[] = [];
  const reject = (entry: TocEntry, reason: string) => void leftOut.set(entry.dumpId, leaveOut(entry, reason));
  const { present, missing } = sortExtensions(chosen, facts);
  if (missing.length > 0 && !wish.force) throw extensionsMissing(missing);
  const webhooks = webhooksMissing(chosen, facts);
  if (webhooks.length > 0 && !wish.force && wish.intoSchema === null) throw webhooksRefused(webhooks);
  const needing = dependentsOf(toc, new Set(missing.map(({ dumpId }) => dumpId)));
  const names = new Map(missing.map(({ dumpId, tag }) => [dumpId, tag ?? ""]));
  const data = dataOfMissingExtensions(toc.entries, missing, facts);
  const lacking = missing.map(({ tag }) => tag).join(", ");
  let publicOwner: string | null = null;
  let entries = chosen.filter((entry) => {
    if (data.has(entry.dumpId)) return reject(entry, `it belongs to an extension that is not installed (${lacking})`);
    const root = names.get(entry.dumpId) ?? names.get(needing.get(entry.dumpId) ?? 0);
    if (root !== undefined) return reject(entry, `extension ${root} is not installed on the server`);
    if (webhooks.includes(entry)) return reject(entry, "Database Webhooks are not enabled in this project");
    if (isPublicAgain(entry, facts)) {
      publicOwner = entry.owner;
      return false;
    }
    // It is there: creating it again would change nothing, dropping it would take what hangs on it.
    if (present.has(entry.dumpId)) return false;
    if (entry.desc === "SUBSCRIPTION" && facts.subscriptions.has(entry.tag ?? "")) {
      return reject(entry, "it is there already: dropping it could leave its slot behind at the publisher");
    }
    if (isAccessList(entry) && !wish.privileges) return false;
    if (facts.supabase) {
      const verdict = platformVerdict(entry, facts, existing);
      if (verdict.restore === "no") return reject(entry, verdict.reason);
      if (verdict.restore === "rows") {
        platformRows.push(entry);
        return false;
      }
    }
    const refusal = refusedToOrdinaryRole(entry, facts);
    return refusal === null ? true : reject(entry, refusal);
  });
  entries = withoutOrphans(toc, entries, leftOut);
  refuseMissingRoles(entries, known);
  const owners = settleOwners(toc, entries, wish.owners, facts, known);
  if (wish.owners === true && owners.notSet.length > 0) throw ownersRefused(owners);
  const mayActFor = (role: string) => facts.role.superuser || role === facts.role.name;
  const lists = splitAccessLists(entries, known, mayActFor);
  return {
    entries: lists.entries,
    platformRows,
    leftOut: [...leftOut.values()],
    extensionsLeftOut: new Map(missing.map(({ tag }) => [tag ?? "", "not installed on the server"])),
    owners,
    after: [
      ...wish.owners === false ? [] : ownerOfPublic(publicOwner, facts, known),
      ...owners.statements,
      ...lists.statements,
    ],
    notGranted: lists.notGranted,
  };
}

/** `pg_dump --schema=public` creates what every new database has already. */
function isPublicAgain({ desc, tag, defn }: TocEntry, facts: TargetFacts): boolean {
  return desc === "SCHEMA" && tag === "public" && facts.schemas.has("public") &&
    (defn ?? "").startsWith("CREATE SCHEMA");
}

function ownerOfPublic(owner: string | null, facts: TargetFacts, known: ReadonlySet<string>): string[] {
  const { role, schemas } = facts;
  const now = schemas.get("public")?.owner ?? "";
  const isDue = owner !== null && owner !== now && known.has(owner) &&
    (role.superuser || role.actsFor.has(now) && role.actsFor.has(owner));
  return isDue ? [`ALTER SCHEMA public OWNER TO ${quoteIdentifier(owner)};`] : [];
}

function sortExtensions(chosen: readonly TocEntry[], facts: TargetFacts): {
  readonly present: ReadonlySet<number>;
  readonly missing: readonly TocEntry[];
} {
  const extensions = chosen.filter(({ desc }) => desc === "EXTENSION");
  const present = extensions.filter(({ tag }) => (facts.extensions.get(tag ?? "")?.installed ?? null) !== null);
  const missing = extensions.filter(({ tag }) => !facts.extensions.has(tag ?? ""));
  return { present: new Set(present.map(({ dumpId }) => dumpId)), missing };
}

/** What is said about an object that is left out goes with it. */
function withoutOrphans(toc: Toc, entries: readonly TocEntry[], leftOut: Map<number, LeftOut>): TocEntry[] {
  if (leftOut.size === 0) return [...entries];
  const byId = new Map(toc.entries.map((entry) => [entry.dumpId, entry]));
  return entries.filter((entry) => {
    if (!isAttached(entry)) return true;
    const subject = byId.get(entry.dependencies[0] ?? 0);
    const reason = subject === undefined ? undefined : leftOut.get(subject.dumpId)?.reason;
    if (reason === undefined || subject?.desc === "EXTENSION") return true;
    leftOut.set(entry.dumpId, leaveOut(entry, reason));
    return false;
  });
}

function refuseMissingRoles(entries: readonly TocEntry[], known: ReadonlySet<string>): void {
  const missing = new Map<string, string>();
  for (const entry of entries) {
    if (isAccessList(entry)) continue;
    for (const role of rolesOfEntry(entry)) if (!known.has(role)) missing.set(role, entryText(entry).object);
  }
  if (missing.size === 0) return;
  throw new PgstrataError("Cannot restore: roles that policies or user mappings name are missing", {
    context: Object.fromEntries([...missing].map(([role, object]) => [role, object])),
    hint:
      "Leave --no-roles out, or create the roles first: without its policies a table may show more or less than it did.",
  });
}

/** Triggers that call what the platform makes when somebody enables webhooks, where nobody has. */
function webhooksMissing(chosen: readonly TocEntry[], facts: TargetFacts): TocEntry[] {
  if (!facts.supabase || facts.schemas.has("supabase_functions")) return [];
  return chosen.filter(({ desc, defn }) =>
    desc === "TRIGGER" && / EXECUTE (?:FUNCTION|PROCEDURE) supabase_functions\./.test(defn ?? "")
  );
}

function webhooksRefused(entries: readonly TocEntry[]): PgstrataError {
  const names = entries.slice(0, 6).map((entry) => entryText(entry).object);
  return new PgstrataError("Cannot restore triggers that are webhooks: webhooks are not enabled in the project", {
    code: "refused",
    context: { triggers: `${names.join(", ")}${entries.length > 6 ? ` and ${entries.length - 6} more` : ""}` },
    hint:
      "Enable Database Webhooks in the dashboard (Integrations), then restore again. --force restores without them.",
  });
}

function extensionsMissing(missing: readonly TocEntry[]): PgstrataError {
  const names = missing.map(({ tag }) => tag ?? "");
  return new PgstrataError(`Cannot restore: the server lacks ${names.length === 1 ? "an extension" : "extensions"}`, {
    context: { extensions: names.join(", ") },
    hint: "Install them on the server. --force restores without them and without what needs them.",
  });
}

function ownersRefused({ notSet }: Owners): PgstrataError {
  return new PgstrataError("Cannot restore owners: this role may not set them all", {
    context: Object.fromEntries(notSet.map(({ owner, objects }) => [owner, `${objects} objects`])),
    hint: "Restore as a superuser, or leave --owner out: what can be set is set, the rest is told.",
  });
}
