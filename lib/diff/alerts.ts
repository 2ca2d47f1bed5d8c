import { counted } from "../base/mod.ts";
import type { GrantChange, ObjectChange, RoleChange, TableChange, ViewOptionChange } from "./database_diff.ts";

/** Something that changed for the worse, or may have. */
export interface Alert {
  readonly kind:
    | "security_invoker_lost"
    | "security_barrier_lost"
    | "row_security_lost"
    | "restriction_lost"
    | "role_widened"
    | "access_widened"
    | "rows_lost";
  /** Qualified name, or a role's. */
  readonly object: string;
  /** In words. */
  readonly detail: string;
}

/** What of the changes somebody should look at first, the most dangerous first. */
export function alertsOf(changes: {
  readonly objects: readonly ObjectChange[];
  readonly tables: readonly TableChange[];
  readonly grants: readonly GrantChange[];
  readonly viewOptions: readonly ViewOptionChange[];
  readonly roles: readonly RoleChange[];
}): Alert[] {
  return [
    ...changes.viewOptions.flatMap(lostViewOptions),
    ...lostRowSecurity(changes.objects),
    ...changes.objects.flatMap(lostRestriction),
    ...changes.roles.flatMap(widenedRole),
    ...changes.grants.flatMap(widened),
    ...changes.tables.flatMap(lostRows),
  ];
}

function lostViewOptions({ schema, view, before, after }: ViewOptionChange): Alert[] {
  const object = `${schema}.${view}`;
  const alerts: Alert[] = [];
  if (isOn(before, "security_invoker") && !isOn(after, "security_invoker")) {
    const detail = "security_invoker is lost: whoever reads the view now reads as its owner, past row level security";
    alerts.push({ kind: "security_invoker_lost", object, detail });
  }
  if (isOn(before, "security_barrier") && !isOn(after, "security_barrier")) {
    const detail = "security_barrier is lost: functions in a query may see rows the view hides";
    alerts.push({ kind: "security_barrier_lost", object, detail });
  }
  return alerts;
}

/** `security_invoker`, `security_invoker=true`, `=on`, `=1`, `=yes` (PostgreSQL: `parse_bool`). */
function isOn(options: readonly string[], name: string): boolean {
  return options.some((option) => {
    const [key, value = "true"] = option.split("=");
    return key === name && /^(?:t|tr|tru|true|y|ye|yes|on|1)$/i.test(value);
  });
}

function lostRowSecurity(objects: readonly ObjectChange[]): Alert[] {
  const goneTables = new Set(
    objects.filter(({ kind, change }) => kind === "TABLE" && change === "removed").map(({ schema, name }) =>
      `${schema}.${name}`
    ),
  );
  return objects.flatMap((change): Alert[] => {
    if (change.kind !== "ROW SECURITY" || change.change !== "removed") return [];
    const object = `${change.schema}.${change.name}`;
    if (goneTables.has(object)) return [];
    return [{
      kind: "row_security_lost",
      object,
      detail: "row level security is off: its policies do nothing now",
    }];
  });
}

function lostRestriction({ kind, change, before, table, name }: ObjectChange): Alert[] {
  if (kind !== "POLICY" || change !== "removed" || !/ AS RESTRICTIVE/.test(before ?? "")) return [];
  return [{ kind: "restriction_lost", object: table ?? "", detail: `the restrictive policy ${name} is gone` }];
}

function widened({ change, kind, object, gained }: GrantChange): Alert[] {
  // With a new object everything is new; only what everybody may do is worth a look.
  const shown = change === "added" && kind !== "default" && kind !== "column"
    ? gained.filter((text) => / to (?:PUBLIC|anon)$/.test(text))
    : gained.filter((text) => !text.endsWith(" to (owner)"));
  return shown.length === 0 ? [] : [{ kind: "access_widened", object, detail: `more access: ${shown.join("; ")}` }];
}

/** Attributes that row level security, or everything, does not hold for. */
const POWERS = ["SUPERUSER", "BYPASSRLS"] as const;

function widenedRole({ role, gone, come }: RoleChange): Alert[] {
  const has = (statements: readonly string[], power: string) =>
    statements.some((text) => new RegExp(`^ALTER ROLE .* WITH (?:.* )?${power}(?: |$)`).test(text));
  const gained = POWERS.filter((power) => has(come, power) && !has(gone, power));
  return gained.length === 0 ? [] : [{
    kind: "role_widened",
    object: role,
    detail: `the role is ${gained.join(" and ")} now: row level security does not hold for it`,
  }];
}

function lostRows({ schema, name, change, rowsBefore, rowsAfter }: TableChange): Alert[] {
  const before = rowsBefore ?? 0;
  if (before === 0 || (rowsAfter ?? 0) > 0) return [];
  const detail = change === "removed"
    ? `the table is gone, with ${counted(before, "row")}`
    : `all ${counted(before, "row")} are gone`;
  return [{ kind: "rows_lost", object: `${schema}.${name}`, detail }];
}
