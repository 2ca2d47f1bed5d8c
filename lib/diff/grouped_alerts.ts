import { countText } from "../base/mod.ts";
import type { Alert } from "./alerts.ts";

/** From how many alerts of the same words on they become one. */
const MANY = 4;

/** Objects that are named before the rest is counted. */
const NAMED = 3;

/**
 * Alerts as people read them: the same words about many objects are said once, where the first of them stood. A new
 * extension's functions, which everybody may call, would otherwise hide the table that lost its rows.
 */
export function groupedAlerts(alerts: readonly Alert[]): Pick<Alert, "object" | "detail">[] {
  const groups = new Map<string, Alert[]>();
  for (const one of alerts) {
    const key = one.kind === "rows_lost" ? JSON.stringify(one) : `${one.kind}\0${one.detail}`;
    groups.set(key, [...groups.get(key) ?? [], one]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined || group.length < MANY) return group;
    const named = group.slice(0, NAMED).map(({ object }) => object).join(", ");
    return [{ object: `${named} and ${countText(group.length - NAMED)} more`, detail: first.detail }];
  });
}
