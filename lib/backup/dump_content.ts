import type { DumpContent } from "../postgres/mod.ts";
import { type ReadPlan, unreadablePatterns } from "./read_plan.ts";

/** What pg_dump is asked for when it reads the whole backup. */
export function dumpContent(plan: ReadPlan): DumpContent {
  const { options } = plan;
  return {
    ...options.selection,
    excludeTables: [...options.selection.excludeTables, ...unreadablePatterns(plan)],
    content: options.content,
    privileges: options.privileges,
    largeObjects: plan.withoutLargeObjects ? "no" : options.blobs ? "yes" : "default",
  };
}
