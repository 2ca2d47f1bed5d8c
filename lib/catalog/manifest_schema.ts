import * as v from "valibot";
import type { Manifest } from "./manifest.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const time = v.pipe(v.string(), v.isoTimestamp());
const relativePath = v.pipe(
  v.string(),
  v.check((path) =>
    !path.startsWith("/") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  ),
);

const fileSchema = v.strictObject({
  path: relativePath,
  tier: v.picklist(["full", "schema", "table", "root"]),
  bytes: count,
  sha256,
});

const tableSchema = v.strictObject({
  oid: count,
  schema: v.string(),
  name: v.string(),
  kind: v.picklist(["table", "partitioned_table", "foreign_table"]),
  folder: v.nullable(relativePath),
  rows: v.nullable(count),
  bytes: v.nullable(count),
  sha256: v.nullable(sha256),
  source: v.picklist(["archive", "copy", "none"]),
  copyStatement: v.nullable(v.string()),
  totalBytes: count,
  needs: v.array(v.string()),
});

const schemaSchema = v.strictObject({
  name: v.string(),
  folder: relativePath,
  archive: v.nullable(relativePath),
  archiveBytes: count,
  tables: count,
  rows: count,
  tableBytes: count,
  duration: v.number(),
});

const omissionSchema = v.strictObject({
  kind: v.string(),
  object: v.string(),
  reason: v.string(),
  severity: v.picklist(["excluded", "expected", "lost"]),
});

const extensionSchema = v.strictObject({ name: v.string(), version: v.string(), schema: v.string() });

const viewOptionsSchema = v.strictObject({
  schema: v.string(),
  view: v.string(),
  kind: v.picklist(["view", "materialized_view"]),
  options: v.array(v.string()),
});

const privilegeSchema = v.strictObject({
  kind: v.string(),
  object: v.string(),
  owner: v.string(),
  acl: v.nullable(v.array(v.string())),
});

export const manifestSchema: v.GenericSchema<unknown, Manifest> = v.strictObject({
  version: v.literal(1),
  tool: v.strictObject({ version: v.string(), deno: v.string() }),
  client: v.strictObject({
    version: v.string(),
    engine: v.picklist(["archive", "pg_dump"]),
    archiveVersion: v.nullable(v.string()),
    compression: v.string(),
  }),
  server: v.strictObject({
    version: v.string(),
    versionNumber: count,
    database: v.string(),
    databaseBytes: count,
    host: v.string(),
    projectRef: v.nullable(v.string()),
    encoding: v.string(),
    collate: v.string(),
    ctype: v.string(),
    localeProvider: v.string(),
    locale: v.nullable(v.string()),
    inRecovery: v.boolean(),
  }),
  environment: v.string(),
  label: v.nullable(v.string()),
  layout: v.picklist(["runbook", "ci"]),
  startedAt: time,
  finishedAt: time,
  snapshot: v.strictObject({
    id: v.string(),
    walPosition: v.nullable(v.string()),
    takenAt: time,
  }),
  options: v.record(v.string(), v.unknown()),
  tiers: v.array(v.picklist(["full", "schema", "table"])),
  status: v.picklist(["complete", "incomplete"]),
  copySettings: v.record(v.string(), v.string()),
  files: v.array(fileSchema),
  schemas: v.array(schemaSchema),
  tables: v.array(tableSchema),
  largeObjects: v.strictObject({
    count,
    bytes: count,
    sha256: v.nullable(sha256),
  }),
  extensions: v.array(extensionSchema),
  viewOptions: v.array(viewOptionsSchema),
  privileges: v.array(privilegeSchema),
  omissions: v.array(omissionSchema),
  warnings: v.array(v.string()),
  durations: v.record(v.string(), v.number()),
});
