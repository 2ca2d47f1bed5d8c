import { type Manifest, MANIFEST_VERSION, type ManifestTable, type Omission } from "../catalog/mod.ts";
import { maskedHost, type Snapshot } from "../connection/mod.ts";
import type { Extension, Privilege, Relation, ViewOptions } from "../inventory/mod.ts";
import type { ReadOutcome, TableOutcome } from "./read_outcome.ts";
import type { ReadPlan } from "./read_plan.ts";

/** What the manifest says besides plan and outcome. */
export interface ManifestParts {
  readonly snapshot: Pick<Snapshot, "id" | "walPosition" | "time">;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly extensions: readonly Extension[];
  readonly views: readonly ViewOptions[];
  readonly privileges: readonly Privilege[];
  readonly omissions: readonly Omission[];
  readonly warnings: readonly string[];
  readonly durations: Readonly<Record<string, number>>;
}

/** The manifest of a backup that has been read and written. */
export function buildManifest(plan: ReadPlan, outcome: ReadOutcome, parts: ManifestParts): Manifest {
  const { options, server } = plan;
  const tables = manifestTables(plan, outcome);
  const bySchema = Map.groupBy(tables, (table) => table.schema);
  const durations = new Map(outcome.tables.map((table) => [table.oid, table.duration]));
  const tableFiles = outcome.files.filter((file) => file.tier === "table");
  const byFolder = Map.groupBy(tableFiles, ({ path }) => path.slice(0, path.indexOf("/")));
  const lost = parts.omissions.some((omission) => omission.severity === "lost");
  return {
    version: MANIFEST_VERSION,
    tool: { version: plan.deps.version, deno: Deno.version.deno },
    client: {
      version: plan.tools.version,
      engine: outcome.engine,
      archiveVersion: outcome.archiveVersion,
      compression: outcome.compression,
    },
    server: {
      version: server.version,
      versionNumber: server.versionNumber,
      database: server.database,
      databaseBytes: server.databaseBytes,
      host: maskedHost(plan.target),
      projectRef: plan.target.projectRef ?? null,
      encoding: server.encoding,
      collate: server.collate,
      ctype: server.ctype,
      localeProvider: server.localeProvider,
      locale: server.locale,
      inRecovery: server.inRecovery,
    },
    environment: options.target.environment,
    label: options.label,
    layout: options.layout,
    startedAt: parts.startedAt.toISOString(),
    finishedAt: parts.finishedAt.toISOString(),
    snapshot: {
      id: parts.snapshot.id,
      walPosition: parts.snapshot.walPosition,
      takenAt: parts.snapshot.time.toISOString(),
    },
    options: {
      engine: options.engine,
      jobs: plan.jobs,
      content: options.content,
      privileges: options.privileges,
      blobs: options.blobs,
      skipUnreadable: options.skipUnreadable,
      dedup: options.dedup ?? false,
      ...options.selection,
    },
    tiers: [...options.tiers],
    status: lost ? "incomplete" : "complete",
    copySettings: { ...server.copySettings },
    files: [...outcome.files],
    schemas: outcome.schemas.map((schema) => {
      const folder = plan.folder.schemaFolder(schema.name);
      const own = bySchema.get(schema.name) ?? [];
      return {
        name: schema.name,
        folder,
        archive: schema.archive,
        archiveBytes: schema.archiveBytes,
        tables: own.length,
        rows: sum(own.map((table) => table.rows ?? 0)),
        tableBytes: sum((byFolder.get(folder) ?? []).map((file) => file.bytes)),
        duration: sum(own.map((table) => durations.get(table.oid) ?? 0)),
      };
    }),
    tables,
    largeObjects: { ...outcome.largeObjects },
    extensions: [...parts.extensions],
    viewOptions: parts.views.map((view) => ({ ...view, options: [...view.options] })),
    privileges: parts.privileges.map((privilege) => ({
      ...privilege,
      acl: privilege.acl === null ? null : [...privilege.acl],
    })),
    omissions: [...parts.omissions],
    warnings: [...parts.warnings],
    durations: { ...parts.durations },
  };
}

function manifestTables(plan: ReadPlan, outcome: ReadOutcome): ManifestTable[] {
  const outcomes = new Map(outcome.tables.map((table) => [table.oid, table]));
  return plan.relations.flatMap((relation): ManifestTable[] => {
    const read = outcomes.get(relation.oid);
    return read === undefined ? [] : [manifestTable(relation, read)];
  });
}

function manifestTable(relation: Relation, read: TableOutcome): ManifestTable {
  return {
    oid: relation.oid,
    schema: relation.schema,
    name: relation.name,
    kind: relation.kind === "partitioned_table" || relation.kind === "foreign_table" ? relation.kind : "table",
    folder: read.folder,
    rows: read.data?.rows ?? null,
    bytes: read.data?.bytes ?? null,
    sha256: read.data?.sha256 ?? null,
    source: read.source,
    copyStatement: read.copyStatement,
    totalBytes: relation.totalBytes,
    needs: [...read.needs],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
