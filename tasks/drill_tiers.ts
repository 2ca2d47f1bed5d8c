import { PgstrataError } from "../lib/base/mod.ts";
import type { Manifest } from "../lib/catalog/mod.ts";
import type { DrillTier } from "../lib/verify/mod.ts";

/** The tiers to drill, of those that a backup has. */
export interface DrillTiers {
  readonly tiers: readonly DrillTier[];
  /** What is told when they are not those that the option names. */
  readonly note: string | null;
}

/**
 * Chooses what `--tier` (default `full`) stands for: `all` is every tier there is, and where there is no full archive the
 * default is the next best.
 *
 * @throws {PgstrataError} code `usage` when the backup has not the tier that was asked for
 */
export function drillTiers(wish: "full" | "schema" | "table" | "all", { tiers }: Pick<Manifest, "tiers">): DrillTiers {
  const held = (["full", "schema", "table"] as const).filter((tier) => tiers.includes(tier));
  if (wish === "all" && held.length > 0) return { tiers: held, note: null };
  const [best] = held;
  if (wish !== "all" && held.includes(wish)) return { tiers: [wish], note: null };
  if (wish === "full" && best !== undefined) {
    return { tiers: [best], note: `the backup has no full tier: its ${best} tier is drilled` };
  }
  throw new PgstrataError(`Cannot drill the ${wish} tier: the backup does not have it`, {
    code: "usage",
    hint: `It has: ${held.join(", ")}.`,
  });
}
