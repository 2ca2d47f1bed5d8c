import type { Toc, TocEntry } from "../archive/mod.ts";
import type { PinnedTarget } from "../connection/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import type { BackupSource } from "./backup_source.ts";
import type { Logbook } from "./logbook.ts";
import type { RestoreDeps, RestoreOptions, Tier } from "./options.ts";
import type { ScriptPart } from "./script_part.ts";
import type { Selection } from "./selection.ts";
import type { TargetFacts } from "./target_facts.ts";
import type { WorkList } from "./work_list.ts";

/** All that is settled before anything is changed; every way works from it. */
export interface RestoreWork {
  readonly options: RestoreOptions;
  readonly deps: RestoreDeps;
  readonly log: Logbook;
  readonly source: BackupSource;
  readonly target: PinnedTarget;
  readonly facts: TargetFacts;
  readonly tools: ToolSet;
  /** Runs scripts; it may be newer than `tools`. */
  readonly psql: ToolSet;
  /** A private folder for lists and connection files. */
  readonly folder: string;
  readonly tier: Tier;
  /** The archive that is read, with its table of contents; one without entries where SQL files are read. */
  readonly archive: { readonly path: string; readonly toc: Toc };
  /** What fills an empty database where no single archive does. */
  readonly script: readonly ScriptPart[] | null;
  readonly selection: Selection;
  /** Entries that come along since the target lacks what the chosen ones need. */
  readonly needs: readonly TocEntry[];
  readonly list: WorkList;
}
