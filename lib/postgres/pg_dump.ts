import type { ToolSet } from "./tool_set.ts";

/** What `pg_dump` is asked to dump; patterns as it takes them. */
export interface DumpContent {
  readonly schemas: readonly string[];
  readonly excludeSchemas: readonly string[];
  readonly tables: readonly string[];
  readonly excludeTables: readonly string[];
  readonly excludeTableData: readonly string[];
  readonly content: "all" | "schema-only" | "data-only";
  readonly privileges: boolean;
  /** Large objects: `default` leaves the choice to pg_dump. */
  readonly largeObjects: "default" | "yes" | "no";
}

/** How `pg_dump` is to do it. */
export interface DumpManner {
  /** The exported snapshot to read under. */
  readonly snapshot: string;
  /** Milliseconds to wait for locks. */
  readonly lockWaitTimeout: number;
  readonly output:
    | { readonly format: "directory"; readonly path: string; readonly jobs: number }
    | { readonly format: "custom"; readonly path: string; readonly compression: string | null };
}

/**
 * Arguments of `pg_dump`. Where to connect and the password go by the environment, never here.
 * The output is not synced by it: what we keep, we sync ourselves.
 */
export function pgDumpArguments(tools: ToolSet, content: DumpContent, manner: DumpManner): string[] {
  const { output } = manner;
  const each = (option: string, patterns: readonly string[]) => patterns.map((pattern) => `--${option}=${pattern}`);
  return [
    "--no-password",
    "--verbose",
    "--no-sync",
    `--snapshot=${manner.snapshot}`,
    `--lock-wait-timeout=${manner.lockWaitTimeout}`,
    `--format=${output.format}`,
    `--file=${output.path}`,
    ...(output.format === "directory" ? ["--compress=0", `--jobs=${output.jobs}`] : []),
    ...(output.format === "custom" && output.compression !== null ? [`--compress=${output.compression}`] : []),
    ...(content.content === "all" ? [] : [`--${content.content}`]),
    ...(content.privileges ? [] : ["--no-privileges"]),
    ...largeObjectArguments(tools, content),
    ...each("schema", content.schemas),
    ...each("exclude-schema", content.excludeSchemas),
    ...each("table", content.tables),
    ...each("exclude-table", content.excludeTables),
    ...each("exclude-table-data", content.excludeTableData),
  ];
}

/** 16 renamed `--blobs`; the short forms are the same in every version. */
function largeObjectArguments(_tools: ToolSet, content: DumpContent): string[] {
  if (content.largeObjects === "default") return [];
  return [content.largeObjects === "yes" ? "-b" : "-B"];
}

/** What a line of `pg_dump --verbose` says, as far as we follow it. */
export type DumpLine =
  /** A parallel dump finished the data of an entry. */
  | { readonly type: "finished"; readonly dumpId: number }
  /** The data of a table, or large objects, begins. */
  | { readonly type: "dumping" }
  | { readonly type: "warning"; readonly message: string }
  | { readonly type: "other" };

/**
 * Reads a line of standard error written under `LC_ALL=C`
 * (PostgreSQL: `pg_log_info` calls in src/bin/pg_dump/pg_dump.c and parallel.c).
 */
export function readDumpLine(line: string): DumpLine {
  const text = /^pg_dump: (.*)$/s.exec(line)?.[1] ?? "";
  const finished = /^finished item (\d+) (?:TABLE DATA|BLOBS) /.exec(text);
  if (finished !== null) return { type: "finished", dumpId: Number(finished[1]) };
  if (text.startsWith("dumping contents of table ") || text.startsWith("saving large objects")) {
    return { type: "dumping" };
  }
  const warning = /^warning: (.*)$/.exec(text);
  return warning === null ? { type: "other" } : { type: "warning", message: warning[1] ?? "" };
}
