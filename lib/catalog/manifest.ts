import * as v from "valibot";
import { messageOf, PgstrataError } from "../base/mod.ts";

/** The manifest's `version` field. It grows when a reader of the old form would misread the new one. */
export const MANIFEST_VERSION = 1;

/** File name of the manifest, in every layout. */
export const MANIFEST_FILE = "manifest.json";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const time = v.pipe(v.string(), v.isoTimestamp());
/** A path below the backup's folder, `/` between parts; never absolute and never upwards. */
const relativePath = v.pipe(
  v.string(),
  v.check((path) =>
    !path.startsWith("/") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  ),
);

const fileSchema = v.strictObject({
  path: relativePath,
  /** `root` is what belongs to no tier: roles, schema, inventory, summary. */
  tier: v.picklist(["full", "schema", "table", "root"]),
  bytes: count,
  sha256,
});

const tableSchema = v.strictObject({
  oid: count,
  schema: v.string(),
  name: v.string(),
  kind: v.picklist(["table", "partitioned_table", "foreign_table"]),
  /** `folder/schema.sql`, `folder/data.sql`, where there are any `folder/constraints.sql`. Null without the table tier. */
  folder: v.nullable(relativePath),
  /** Rows of COPY data; null when no data was read (partitioned and foreign tables, `--schema-only`, excluded). */
  rows: v.nullable(count),
  /** Bytes of COPY data, without the closing `\.`. */
  bytes: v.nullable(count),
  /** SHA-256 of those bytes. */
  sha256: v.nullable(sha256),
  /** `archive`: also in the archives; `copy`: rows of an extension's table, in the table tier only. */
  source: v.picklist(["archive", "copy", "none"]),
  /** The COPY statement the data belongs to. Its root may be another table (load through the partition root). */
  copyStatement: v.nullable(v.string()),
  /** Size on the server (`pg_total_relation_size`), bytes. */
  totalBytes: count,
  /** What its schema.sql needs and does not contain: types, functions, sequences of others, parents. */
  needs: v.array(v.string()),
});

const schemaSchema = v.strictObject({
  name: v.string(),
  folder: relativePath,
  /** The schema's archive; null without the schema tier. */
  archive: v.nullable(relativePath),
  archiveBytes: count,
  tables: count,
  rows: count,
  /** Bytes of the files of its tables. */
  tableBytes: count,
  /** Milliseconds spent on its tables' data, all workers added up. */
  duration: v.number(),
});

const omissionSchema = v.strictObject({
  /** `table data`, `table`, `index`, `large object`, … */
  kind: v.string(),
  /** Qualified name. */
  object: v.string(),
  reason: v.string(),
  /** `excluded`: the user's wish; `expected`: cannot be in a dump, told; `lost`: makes the backup incomplete. */
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
  /** `table`, `sequence`, `view`, `column`, `schema`, `function`, `default`, … */
  kind: v.string(),
  object: v.string(),
  owner: v.string(),
  /** The access list as PostgreSQL prints it, sorted; null means the built-in default. */
  acl: v.nullable(v.array(v.string())),
});

const manifestSchema = v.strictObject({
  version: v.literal(MANIFEST_VERSION),
  tool: v.strictObject({ version: v.string(), deno: v.string() }),
  /** PostgreSQL's client programs that read the database. */
  client: v.strictObject({
    version: v.string(),
    engine: v.picklist(["archive", "pg_dump"]),
    /** Version of the PGDMP archive format, such as `1.16`. */
    archiveVersion: v.nullable(v.string()),
    /** Compression of the archives, such as `zstd:3`. */
    compression: v.string(),
  }),
  server: v.strictObject({
    version: v.string(),
    versionNumber: count,
    database: v.string(),
    databaseBytes: count,
    /** Masked: enough to recognise, not enough to connect. */
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
    /** Write-ahead log position when the snapshot was taken; null if the role may not ask. */
    walPosition: v.nullable(v.string()),
    takenAt: time,
  }),
  /** The command's options, as given. */
  options: v.record(v.string(), v.unknown()),
  tiers: v.array(v.picklist(["full", "schema", "table"])),
  status: v.picklist(["complete", "incomplete"]),
  /** Settings COPY text depends on and pg_dump does not fix, as they were; set equal before comparing. */
  copySettings: v.record(v.string(), v.string()),
  files: v.array(fileSchema),
  schemas: v.array(schemaSchema),
  tables: v.array(tableSchema),
  largeObjects: v.strictObject({
    count,
    bytes: count,
    /** SHA-256 over a line `<oid> <bytes> <sha256 of the content>` for each, by oid. Null when there are none or not read. */
    sha256: v.nullable(sha256),
  }),
  extensions: v.array(extensionSchema),
  viewOptions: v.array(viewOptionsSchema),
  privileges: v.array(privilegeSchema),
  omissions: v.array(omissionSchema),
  warnings: v.array(v.string()),
  /** Milliseconds by phase: `connect`, `read`, `frame`, `seal`, … and `total`. */
  durations: v.record(v.string(), v.number()),
});

/** What a backup is: every file, table and schema with counts and hashes. Written last. See docs/contracts.md. */
export type Manifest = v.InferOutput<typeof manifestSchema>;
/** A file of a backup. */
export type ManifestFile = v.InferOutput<typeof fileSchema>;
/** A table of a backup. */
export type ManifestTable = v.InferOutput<typeof tableSchema>;
/** A schema of a backup. */
export type ManifestSchema = v.InferOutput<typeof schemaSchema>;
/** Something the catalog holds and the backup, or a part of it, does not. */
export type Omission = v.InferOutput<typeof omissionSchema>;
/** An installed extension. */
export type ExtensionRow = v.InferOutput<typeof extensionSchema>;
/** A view with options such as `security_invoker=true`. */
export type ViewOptionsRow = v.InferOutput<typeof viewOptionsSchema>;
/** Owner and access list of an object. */
export type PrivilegeRow = v.InferOutput<typeof privilegeSchema>;

/** A manifest as the text of `manifest.json`. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * Reads the text of `manifest.json`, strictly.
 *
 * @throws {PgstrataError} code `not_good` when it is damaged; `usage` when a newer pgstrata wrote it.
 */
export function parseManifest(text: string): Manifest {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw damaged(messageOf(cause), cause);
  }
  const version = (data as { version?: unknown } | null)?.version;
  if (typeof version === "number" && version > MANIFEST_VERSION) {
    throw new PgstrataError(`Cannot read the manifest: it has version ${version}, known is ${MANIFEST_VERSION}`, {
      code: "usage",
      hint:
        "A newer pgstrata wrote this backup: update pgstrata. Its archives restore with plain pg_restore meanwhile.",
    });
  }
  const result = v.safeParse(manifestSchema, data);
  if (!result.success) {
    const issue = result.issues[0];
    throw damaged(`${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`);
  }
  return result.output;
}

function damaged(reason: string, cause?: unknown): PgstrataError {
  return new PgstrataError("Cannot read the manifest: it is damaged", {
    code: "not_good",
    context: { reason },
    hint: "SHA256SUMS tells which files are whole; the archives restore with plain pg_restore.",
    ...(cause === undefined ? {} : { cause }),
  });
}
