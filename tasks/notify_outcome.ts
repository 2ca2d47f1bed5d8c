import type { Clock } from "../lib/base/mod.ts";
import { isSameEnvironment, readShelf } from "../lib/catalog/mod.ts";
import type { RunOutcome } from "../lib/notice/mod.ts";
import { figuresOf } from "../lib/report/mod.ts";
import type { BackupOutcome } from "./backup_document.ts";
import { VERSION } from "./version.ts";

/** What is known of a run besides how it ended. */
export interface RunFacts {
  readonly label: string | null;
  readonly startedAt: Date;
  readonly shelf: string;
  readonly clock: Clock;
}

/** One environment's run as others are told. */
export async function runOutcome(outcome: BackupOutcome, facts: RunFacts): Promise<RunOutcome> {
  const { environment } = outcome;
  const now = facts.clock.now();
  const shared = {
    command: "backup",
    environment,
    label: facts.label,
    startedAt: facts.startedAt.toISOString(),
    finishedAt: now.toISOString(),
    duration: Math.max(0, now.getTime() - facts.startedAt.getTime()),
    ...await lastProofs(facts.shelf, environment),
    version: VERSION,
  } as const;
  if ("error" in outcome) {
    const { message, exit } = outcome.error;
    return { ...shared, status: "failed", exitCode: exit, backup: null, error: message.replaceAll(/\s+/g, " ") };
  }
  const { manifest, folder } = outcome.result;
  const { rows, totalBytes } = figuresOf(manifest);
  return {
    ...shared,
    status: manifest.status,
    exitCode: manifest.status === "complete" ? 0 : 3,
    backup: {
      folder,
      bytes: totalBytes,
      rows,
      tables: manifest.tables.length,
      schemas: manifest.schemas.length,
      warnings: manifest.warnings.length,
    },
    error: null,
  };
}

/** When a backup of an environment was last read back, and last restored, with a good end. */
async function lastProofs(folder: string, environment: string): Promise<Pick<RunOutcome, "verifiedAt" | "drilledAt">> {
  const shelf = await readShelf(folder).catch(() => null);
  const marks = (shelf?.entries ?? []).flatMap((entry) =>
    (entry.kind === "backup" || entry.kind === "encrypted") && entry.environment !== null &&
      isSameEnvironment(entry.environment, environment)
      ? [entry.marks]
      : []
  );
  const newest = (times: readonly (string | undefined)[]) =>
    times.filter((time) => time !== undefined).toSorted().at(-1) ?? null;
  return {
    verifiedAt: newest(marks.map(({ verified }) => verified?.at)),
    drilledAt: newest(marks.map(({ drilled }) => drilled?.at)),
  };
}
