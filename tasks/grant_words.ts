import { countText } from "../lib/base/mod.ts";
import type { GrantChange } from "../lib/diff/mod.ts";
import { grantTexts } from "./diff_words.ts";

/** From how many objects with the same change on they share a line. */
const MANY = 4;

/** Objects that are named before the rest is counted. */
const NAMED = 3;

/** A change of owner or grants: what of, and what. */
export interface GrantWords {
  readonly change: GrantChange["change"];
  /** `table public.orders`, or several objects of one kind. */
  readonly object: string;
  readonly words: string;
}

/**
 * Owners and grants in words; many objects of one kind that changed alike, as a new extension's functions do, share a
 * line.
 *
 * @param all each on a line of its own
 */
export function grantWords(grants: readonly GrantChange[], all = false): GrantWords[] {
  const groups = new Map<string, { readonly first: GrantWords; readonly kind: string; readonly names: string[] }>();
  for (const [index, one] of grants.entries()) {
    const words = grantTexts(one).join(", ");
    const key = all ? String(index) : JSON.stringify([one.change, one.kind, words]);
    const first = { change: one.change, object: `${one.kind} ${one.object}`, words };
    const group = groups.get(key) ?? { first, kind: one.kind, names: [] };
    group.names.push(one.object);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ first, kind, names }) => {
    if (names.length < MANY) return names.map((name) => ({ ...first, object: `${kind} ${name}` }));
    const rest = `${names.slice(0, NAMED).join(", ")} and ${countText(names.length - NAMED)} more`;
    return [{ ...first, object: `${kind} ${rest}` }];
  });
}
