import type { BlockCompression } from "../archive/mod.ts";
import type { PinnedTarget, Session } from "../connection/mod.ts";
import type { Relation, Schema, ServerFacts } from "../inventory/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import type { BackupFolder } from "./backup_folder.ts";
import type { BackupDeps, BackupOptions } from "./options.ts";

/** All that is settled before the reading begins; both engines work from it. */
export interface ReadPlan {
  readonly options: BackupOptions;
  readonly deps: BackupDeps;
  readonly target: PinnedTarget;
  /** Holds the snapshot. */
  readonly session: Session;
  readonly snapshot: string;
  readonly tools: ToolSet;
  /** Variables for PostgreSQL's programs. */
  readonly environment: Readonly<Record<string, string>>;
  readonly server: ServerFacts;
  /** As seen under the snapshot. */
  readonly relations: readonly Relation[];
  readonly schemas: readonly Schema[];
  /** Relations left out since they cannot be read; non-empty only with `--skip-unreadable`. */
  readonly unreadable: readonly Relation[];
  /** Leave large objects out since some cannot be read. */
  readonly withoutLargeObjects: boolean;
  /** Schemas with columns that refer to large objects. */
  readonly largeObjectSchemas: ReadonlySet<string>;
  readonly jobs: number;
  readonly compression: BlockCompression;
  readonly folder: BackupFolder;
  readonly warn: (message: string) => void;
}

/** Patterns for pg_dump that leave out what cannot be read. */
export function unreadablePatterns(plan: ReadPlan): string[] {
  return plan.unreadable.map((relation) => exactPattern(relation.schema, relation.name));
}

/** A pattern that matches one relation only, whatever its name holds. */
export function exactPattern(schema: string, name: string): string {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  return `${quote(schema)}.${quote(name)}`;
}
