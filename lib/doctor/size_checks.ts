import { dirname, resolve } from "@std/path";
import { durationText, sizeText } from "../base/mod.ts";
import { freeSpace } from "../system/mod.ts";
import { type Check, ok, problem, warning } from "./check.ts";
import type { SizeEstimate } from "./size_estimate.ts";

/** How large a backup will be, how long it will take, and whether it has room. */
export async function sizeChecks(databaseBytes: number, estimate: SizeEstimate, shelf: string): Promise<Check[]> {
  const free = await freeSpace(await existing(shelf));
  return [
    ok(
      "size",
      `the database has ${sizeText(databaseBytes)}; a backup takes about ${sizeText(totalOf(estimate))} and ` +
        `${durationText(estimate.duration)}, by ${estimate.basis}`,
      [
        `full: about ${sizeText(estimate.full)}`,
        `schema: about ${sizeText(estimate.schema)}`,
        `table: about ${sizeText(estimate.table)}`,
      ],
    ),
    roomCheck(estimate, free, shelf),
  ];
}

/** Whether there is room for an estimate. Pure. */
export function roomCheck(estimate: SizeEstimate, free: number, shelf: string): Check {
  const facts = `${sizeText(free)} are free for ${shelf}; a backup needs about ${
    sizeText(estimate.peak)
  } while it is made`;
  const fix = "pgstrata prune   # or --dir on another disk, or --tiers full";
  if (free < estimate.peak) return problem("disk", facts, fix);
  return free < 2 * estimate.peak ? warning("disk", `${facts}: there is not room for two`, fix) : ok("disk", facts);
}

function totalOf({ full, schema, table }: SizeEstimate): number {
  return full + schema + table;
}

/** The folder, or the nearest one above it that exists. */
export async function existing(folder: string): Promise<string> {
  for (let path = resolve(folder);; path = dirname(path)) {
    if (await Deno.stat(path).then((info) => info.isDirectory, () => false)) return path;
    if (dirname(path) === path) return path;
  }
}
