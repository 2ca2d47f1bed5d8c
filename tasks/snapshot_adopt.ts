import { countText, qualifiedName, sizeText } from "../lib/base/mod.ts";
import { terminalText, textTable } from "../lib/report/mod.ts";
import { adoptTables, type Candidate, findCandidates, resolveTable } from "../lib/snapshot/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { ADOPT_OPTIONS } from "./commands/snapshot.ts";
import { documentHead, usage, withDatabase } from "./snapshot.ts";

/** `pgstrata snapshot adopt`. */
export function run(invocation: Invocation<typeof ADOPT_OPTIONS>, context: TaskContext): Promise<number> {
  const { positionals, options } = invocation;
  return withDatabase(invocation, context, async ({ session, target }) => {
    const { console } = context;
    const found = await findCandidates(session, { schemas: options.schema });
    const named = new Set<string>();
    for (const argument of positionals) {
      const { oid } = await resolveTable(session, argument);
      if (!found.some((candidate) => candidate.oid === oid)) {
        throw usage(
          `"${argument}" does not look like a copy made by hand`,
          "Rename it like one: experts_backup_2025_05_25.",
        );
      }
      named.add(oid);
    }
    const shown = named.size === 0 ? found : found.filter(({ oid }) => named.has(oid));
    const chosen = shown.filter(({ oid, dependents }) => named.has(oid) || dependents.length === 0);
    const adopted = options.apply && chosen.length > 0
      ? await adoptTables(session, chosen, {
        kind: options.kind,
        reason: options.reason ?? null,
        lockTimeout: options["lock-timeout"],
      })
      : [];
    if (context.json) {
      console.document({ ...documentHead("adopt", target), applied: options.apply, candidates: shown, adopted });
      return 0;
    }
    console.result(candidateText(shown));
    for (const row of adopted) console.say(`Snapshot ${row.id}: backup.${terminalText(row.backupTable)}`);
    if (!options.apply && chosen.length > 0) console.say(`\nNothing was changed. To move ${chosen.length}: --apply`);
    return 0;
  });
}

function candidateText(candidates: readonly Candidate[]): string {
  if (candidates.length === 0) return "No copies made by hand were found.";
  return textTable(
    [
      { title: "table" },
      { title: "copy of" },
      { title: "date" },
      { title: "owner" },
      { title: "rows", align: "right" },
      {
        title: "size",
        align: "right",
      },
      { title: "remarks", widest: 100 },
    ],
    candidates.map((each) => [
      qualifiedName(each.schema, each.name),
      qualifiedName(each.originalSchema, each.original),
      each.date ?? "-",
      each.owner,
      each.estimatedRows < 0 ? "?" : countText(each.estimatedRows),
      sizeText(each.sizeBytes),
      [
        ...(each.originalExists ? [] : ["original is gone"]),
        ...(each.dependents.length === 0 ? [] : [`stays unless named: ${each.dependents.join(", ")} depends on it`]),
      ].join("; "),
    ]),
  ).join("\n");
}
