import { join } from "@std/path";
import type { TocEntry } from "../archive/mod.ts";
import { restoreArchive, type RestoreArchiveOptions, type RestoreError } from "./restore_archive.ts";
import { notesOf, type RestoreNote } from "./restore_note.ts";
import type { RestoreTierOptions } from "./restore_tier.ts";

/** Rounds for objects that wait for others; each restores at least one, or is the last. */
const MOST_ROUNDS = 50;

/** An archive and the entries of it that are to be restored. */
export interface Source {
  readonly path: string;
  readonly entries: readonly TocEntry[];
}

/** Entries that wait to be restored, over several rounds. */
export class PendingEntries {
  readonly #left: { readonly path: string; entries: readonly TocEntry[]; errors: readonly RestoreError[] }[];
  #begun = false;

  constructor(
    sources: readonly Source[],
    choose: (entry: TocEntry) => boolean,
    private readonly section: "pre-data" | "post-data",
  ) {
    this.#left = sources.map(({ path, entries }) => ({
      path,
      entries: ofSection(entries, section).filter(choose),
      errors: [],
    }));
  }

  get left(): number {
    if (!this.#begun) return Infinity;
    return this.#left.reduce((sum, { errors }) => sum + errors.length, 0);
  }

  /** @returns whether anything could be restored that could not before */
  async attempt(options: RestoreTierOptions): Promise<boolean> {
    let progress = false;
    for (const source of this.#left) {
      if (source.entries.length === 0 || (this.#begun && source.errors.length === 0)) continue;
      const before = this.#begun ? source.errors.length : Infinity;
      source.errors = await restoreArchive({
        ...archiveOptions(options, source.path),
        jobs: 1,
        entries: source.entries,
        args: [`--section=${this.section}`],
      });
      const failed = new Set(source.errors.map(({ dumpId }) => dumpId));
      source.entries = source.entries.filter(({ dumpId }) => failed.has(dumpId));
      progress ||= source.errors.length < before;
    }
    this.#begun = true;
    return progress;
  }

  notes(): RestoreNote[] {
    return this.#left.flatMap(({ errors, entries }) => notesOf(errors, entries));
  }
}

/** Restores a section of all sources in as many rounds as it takes; gives what still failed in the last. */
export async function settle(
  sources: readonly Source[],
  choose: (entry: TocEntry) => boolean,
  section: "pre-data" | "post-data",
  options: RestoreTierOptions,
): Promise<RestoreNote[]> {
  const pending = new PendingEntries(sources, choose, section);
  await rounds(() => pending.attempt(options), () => pending.left);
  return pending.notes();
}

/** Attempts until nothing is left, or nothing more works. */
export async function rounds(attempt: () => Promise<boolean>, left: () => number): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS && left() > 0; round++) {
    if (!(await attempt())) return;
  }
}

/** Entries without a section of their own go with what stands before them (PostgreSQL: `ProcessArchiveRestoreOptions`). */
export function ofSection(entries: readonly TocEntry[], section: TocEntry["section"]): TocEntry[] {
  let current: TocEntry["section"] = "pre-data";
  return entries.filter((entry) => {
    if (entry.section !== "none") current = entry.section;
    return current === section;
  });
}

/** How an archive of the backup is restored into the target. */
export function archiveOptions(
  options: RestoreTierOptions,
  archive: string,
): Pick<RestoreArchiveOptions, "tools" | "environment" | "database" | "path" | "signal" | "onObject"> {
  const { tools, environment, target, folder, signal, onObject } = options;
  const common = { tools, environment, database: target.database, path: join(folder, archive), signal };
  return onObject === undefined ? common : { ...common, onObject };
}
