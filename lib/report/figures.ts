import { qualifiedName, quoteIdentifier, sizeText } from "../base/mod.ts";
import type { Manifest, ManifestSchema, ManifestTable } from "../catalog/mod.ts";

/** State of one schema in a backup. */
export type SchemaState = "ok" | "ok (some left out)" | "incomplete";

/** What summaries tell, counted once. */
export interface Figures {
  /** Rows of all tables. */
  readonly rows: number;
  /** Bytes of COPY data read. */
  readonly dataBytes: number;
  /** Bytes of files by tier; `root` is roles, schema and inventory. */
  readonly tierBytes: Readonly<Record<"full" | "schema" | "table" | "root", number>>;
  /** Number of files by tier. */
  readonly tierFiles: Readonly<Record<"full" | "schema" | "table" | "root", number>>;
  /** Bytes of all files. */
  readonly totalBytes: number;
  /** Milliseconds from start to end. */
  readonly duration: number;
  /** Megabytes of COPY data a second while reading; null when nothing measurable was read. */
  readonly rate: number | null;
}

/** Counts what a manifest holds. */
export function figuresOf(manifest: Manifest): Figures {
  const tierBytes = { full: 0, schema: 0, table: 0, root: 0 };
  const tierFiles = { full: 0, schema: 0, table: 0, root: 0 };
  for (const { tier, bytes } of manifest.files) {
    tierBytes[tier] += bytes;
    tierFiles[tier]++;
  }
  const dataBytes = sum(manifest.tables.map(({ bytes }) => bytes ?? 0)) + manifest.largeObjects.bytes;
  const duration = manifest.durations["total"] ?? Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt);
  const reading = manifest.durations["read"] ?? duration;
  return {
    rows: sum(manifest.tables.map(({ rows }) => rows ?? 0)),
    dataBytes,
    tierBytes,
    tierFiles,
    totalBytes: sum(Object.values(tierBytes)),
    duration,
    rate: reading > 0 && dataBytes > 0 ? dataBytes / 1e6 / (reading / 1000) : null,
  };
}

/** Whether all of a schema was backed up. */
export function schemaState(manifest: Manifest, { name }: ManifestSchema): SchemaState {
  const inside = manifest.omissions.filter(({ object }) => isInSchema(object, name));
  if (inside.some(({ severity }) => severity === "lost")) return "incomplete";
  return inside.length > 0 ? "ok (some left out)" : "ok";
}

/** Tables of a schema, the biggest first. */
export function tablesOf(manifest: Manifest, schema: string): ManifestTable[] {
  return manifest.tables.filter((table) => table.schema === schema).sort(bySize);
}

/** Biggest on the server first; equal ones by name. */
export function bySize(a: ManifestTable, b: ManifestTable): number {
  return b.totalBytes - a.totalBytes || (tableName(a) < tableName(b) ? -1 : 1);
}

/** By name, as a reader looks for it. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** `schema.table`, quoted as SQL where needed. */
export function tableName({ schema, name }: Pick<ManifestTable, "schema" | "name">): string {
  return qualifiedName(schema, name);
}

/** `48.2 MB/s`. */
export function rateText(megabytes: number): string {
  return `${sizeText(megabytes * 1e6)}/s`;
}

function isInSchema(object: string, schema: string): boolean {
  const quoted = quoteIdentifier(schema);
  return object === quoted || object.startsWith(`${quoted}.`) || object.startsWith(`${schema}.`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
