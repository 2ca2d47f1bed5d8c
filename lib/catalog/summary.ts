import { createHash } from "node:crypto";
import * as v from "valibot";
import { compactTimestamp } from "../base/mod.ts";
import type { Manifest } from "./manifest.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What a list of backups shows of one. The public part of an encrypted backup holds the same. */
export const summarySchema = v.strictObject({
  /** Follows the backup wherever it is moved; see {@linkcode backupId}. */
  id: v.pipe(v.string(), v.regex(/^[0-9]{8}_[0-9]{6}-[0-9a-f]{16}$/)),
  environment: v.string(),
  label: v.nullable(v.string()),
  layout: v.picklist(["runbook", "ci"]),
  /** ISO times. */
  startedAt: v.pipe(v.string(), v.isoTimestamp()),
  finishedAt: v.pipe(v.string(), v.isoTimestamp()),
  status: v.picklist(["complete", "incomplete"]),
  serverVersion: v.string(),
  database: v.string(),
  host: v.string(),
  tiers: v.array(v.picklist(["full", "schema", "table"])),
  schemas: count,
  tables: count,
  rows: count,
  /** COPY data of all tables and large objects, bytes. */
  dataBytes: count,
  /** Bytes of the files by tier, as the manifest counts them. */
  bytes: v.strictObject({ full: count, schema: count, table: count, root: count }),
  warnings: count,
  /** Objects the catalog held and the backup does not, by severity `lost`. */
  lost: count,
});

/** What a list of backups shows of one. */
export type BackupSummary = v.InferOutput<typeof summarySchema>;

/** The list's view of a manifest. */
export function summarize(manifest: Manifest): BackupSummary {
  const bytes = { full: 0, schema: 0, table: 0, root: 0 };
  for (const file of manifest.files) bytes[file.tier] += file.bytes;
  return {
    id: backupId(manifest),
    environment: manifest.environment,
    label: manifest.label,
    layout: manifest.layout,
    startedAt: manifest.startedAt,
    finishedAt: manifest.finishedAt,
    status: manifest.status,
    serverVersion: manifest.server.version,
    database: manifest.server.database,
    host: manifest.server.host,
    tiers: [...manifest.tiers],
    schemas: manifest.schemas.length,
    tables: manifest.tables.length,
    rows: manifest.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0),
    dataBytes: manifest.tables.reduce((sum, table) => sum + (table.bytes ?? 0), manifest.largeObjects.bytes),
    bytes,
    warnings: manifest.warnings.length,
    lost: manifest.omissions.filter((omission) => omission.severity === "lost").length,
  };
}

/**
 * Names a backup wherever it stands: moved, renamed, linked into `latest/`, encrypted, pulled from
 * cold storage. Made of its start, environment, database and snapshot; safe in a file name.
 */
export function backupId(manifest: Pick<Manifest, "startedAt" | "environment" | "server" | "snapshot">): string {
  const facts = [manifest.startedAt, manifest.environment, manifest.server.host, manifest.server.database];
  const hash = createHash("sha256").update(JSON.stringify([...facts, manifest.snapshot.id])).digest("hex");
  return `${compactTimestamp(new Date(manifest.startedAt))}-${hash.slice(0, 16)}`;
}
