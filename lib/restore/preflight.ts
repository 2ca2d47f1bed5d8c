import type { InPlacePlan } from "./in_place_plan.ts";
import type { RestoreWork } from "./restore_work.ts";

/** Kinds that take a lock of their own when they are made. */
const LOCKED: ReadonlySet<string> = new Set([
  "TABLE",
  "INDEX",
  "CONSTRAINT",
  "SEQUENCE",
  "VIEW",
  "MATERIALIZED VIEW",
  "FOREIGN TABLE",
]);

/** What a person should know before agreeing, besides what goes and what is left out. */
export function preflightWarnings(work: RestoreWork, inPlace: InPlacePlan | null): string[] {
  const { source, facts, list } = work;
  const versions = source.manifest.extensions.flatMap(({ name, version }) => {
    const here = facts.extensions.get(name);
    const found = here?.installed ?? here?.available ?? null;
    return found === null || found === version ? [] : [`extension ${name} is ${found} here and was ${version}`];
  });
  const locks = inPlace === null || inPlace.rowsOnly
    ? 0
    : list.entries.filter(({ desc }) => LOCKED.has(desc)).length + inPlace.overwritten.length;
  return [
    ...versions,
    ...locks > facts.lockTable
      ? [
        `one transaction will lock about ${locks} objects, and the server's lock table is made for ${facts.lockTable}: ` +
        "raise max_locks_per_transaction if it fails",
      ]
      : [],
    ...facts.server.encoding === source.manifest.server.encoding
      ? []
      : [`the target's encoding is ${facts.server.encoding}, the backup's ${source.manifest.server.encoding}`],
  ];
}
