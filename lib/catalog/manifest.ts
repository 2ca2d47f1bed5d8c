import * as v from "valibot";
import { messageOf, PgstrataError } from "../base/mod.ts";
import { manifestSchema } from "./manifest_schema.ts";

/** The manifest's `version` field. It grows when a reader of the old form would misread the new one. */
export const MANIFEST_VERSION = 1;

/** File name of the manifest, in every layout. */
export const MANIFEST_FILE = "manifest.json";

/** A file of a backup. */
export interface ManifestFile {
  /** Below the backup's folder, `/` between parts. */
  readonly path: string;
  /** `root` is what belongs to no tier: roles, schema, inventory, summary. */
  readonly tier: "full" | "schema" | "table" | "root";
  /** Length. */
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly sha256: string;
}

/** A table of a backup. */
export interface ManifestTable {
  /** Its OID in the source. */
  readonly oid: number;
  /** Its schema's true name. */
  readonly schema: string;
  /** Its true name. */
  readonly name: string;
  /** What kind of table. */
  readonly kind: "table" | "partitioned_table" | "foreign_table";
  /** Holds `schema.sql`, `data.sql`, where there are any `constraints.sql`. Null without the table tier. */
  readonly folder: string | null;
  /** Rows of COPY data; null when no data was read (partitioned and foreign tables, `--schema-only`, excluded). */
  readonly rows: number | null;
  /** Bytes of COPY data, without the closing `\.`. */
  readonly bytes: number | null;
  /** SHA-256 of those bytes. */
  readonly sha256: string | null;
  /** `archive`: also in the archives; `copy`: rows of an extension's table, in the table tier only. */
  readonly source: "archive" | "copy" | "none";
  /** The COPY statement the data belongs to. Its root may be another table (load through the partition root). */
  readonly copyStatement: string | null;
  /** Size on the server (`pg_total_relation_size`), bytes. */
  readonly totalBytes: number;
  /** What its schema.sql needs and does not contain: types, functions, sequences of others, parents. */
  readonly needs: readonly string[];
}

/** A schema of a backup. */
export interface ManifestSchema {
  /** Its true name. */
  readonly name: string;
  /** Its folder. */
  readonly folder: string;
  /** The schema's archive; null without the schema tier. */
  readonly archive: string | null;
  /** Bytes of the archive. */
  readonly archiveBytes: number;
  /** Number of its tables. */
  readonly tables: number;
  /** Rows of its tables. */
  readonly rows: number;
  /** Bytes of the files of its tables. */
  readonly tableBytes: number;
  /** Milliseconds spent on its tables' data, all workers added up. */
  readonly duration: number;
}

/** Something the catalog holds and the backup, or a part of it, does not. */
export interface Omission {
  /** `table data`, `table`, `index`, `large object`, … */
  readonly kind: string;
  /** Qualified name. */
  readonly object: string;
  /** Why, in words. */
  readonly reason: string;
  /** `excluded`: the user's wish; `expected`: cannot be in a dump, told; `lost`: makes the backup incomplete. */
  readonly severity: "excluded" | "expected" | "lost";
}

/** An installed extension. */
export interface ExtensionRow {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** The schema of its objects. */
  readonly schema: string;
}

/** A view with options such as `security_invoker=true`. */
export interface ViewOptionsRow {
  /** Its schema. */
  readonly schema: string;
  /** Its name. */
  readonly view: string;
  /** What kind of view. */
  readonly kind: "view" | "materialized_view";
  /** As `pg_class.reloptions`. */
  readonly options: readonly string[];
}

/** Owner and access list of an object. */
export interface PrivilegeRow {
  /** `table`, `sequence`, `view`, `column`, `schema`, `function`, `default`, … */
  readonly kind: string;
  /** Qualified name. */
  readonly object: string;
  /** Its owner. */
  readonly owner: string;
  /** The access list as PostgreSQL prints it, sorted; null means the built-in default. */
  readonly acl: readonly string[] | null;
}

/** What a backup is: every file, table and schema with counts and hashes. Written last. See docs/contracts.md. */
export interface Manifest {
  /** Version of this form. */
  readonly version: 1;
  /** What made it. */
  readonly tool: { readonly version: string; readonly deno: string };
  /** PostgreSQL's client programs that read the database: version, engine, version of the PGDMP archive format
   * (such as `1.16`), compression of the archives (such as `zstd:3`). */
  readonly client: {
    readonly version: string;
    readonly engine: "archive" | "pg_dump";
    readonly archiveVersion: string | null;
    readonly compression: string;
  };
  /** The server and database. The host is masked: enough to recognise, not enough to connect. */
  readonly server: {
    readonly version: string;
    readonly versionNumber: number;
    readonly database: string;
    readonly databaseBytes: number;
    readonly host: string;
    readonly projectRef: string | null;
    readonly encoding: string;
    readonly collate: string;
    readonly ctype: string;
    readonly localeProvider: string;
    readonly locale: string | null;
    readonly inRecovery: boolean;
  };
  /** Name of the environment. */
  readonly environment: string;
  /** The label given. */
  readonly label: string | null;
  /** How files are laid out. */
  readonly layout: "runbook" | "ci";
  /** ISO time. */
  readonly startedAt: string;
  /** ISO time, before sealing. */
  readonly finishedAt: string;
  /** The exported snapshot, the write-ahead log position just after it (null if the role may not ask), its time. */
  readonly snapshot: { readonly id: string; readonly walPosition: string | null; readonly takenAt: string };
  /** The command's options, as given. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The tiers written. */
  readonly tiers: readonly ("full" | "schema" | "table")[];
  /** `incomplete` if something was lost. */
  readonly status: "complete" | "incomplete";
  /** Settings COPY text depends on and pg_dump does not fix, as they were; set equal before comparing. */
  readonly copySettings: Readonly<Record<string, string>>;
  /** Every file but the manifest and the checksums. */
  readonly files: readonly ManifestFile[];
  /** Every schema. */
  readonly schemas: readonly ManifestSchema[];
  /** Every table. */
  readonly tables: readonly ManifestTable[];
  /** Large objects: SHA-256 over a line `<oid> <bytes> <sha256 of the content>` for each, by oid; null when there are
   * none or they were not read. */
  readonly largeObjects: { readonly count: number; readonly bytes: number; readonly sha256: string | null };
  /** Installed extensions. */
  readonly extensions: readonly ExtensionRow[];
  /** Views with options. */
  readonly viewOptions: readonly ViewOptionsRow[];
  /** Owners and access lists. */
  readonly privileges: readonly PrivilegeRow[];
  /** What is not in it. */
  readonly omissions: readonly Omission[];
  /** What the user was warned of. */
  readonly warnings: readonly string[];
  /** Milliseconds by phase: `connect`, `read`, `frame`, … and `total`. */
  readonly durations: Readonly<Record<string, number>>;
}

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
