import type { Manifest } from "../../lib/catalog/mod.ts";
import { fakeManifest, fakeTable } from "./fake_manifest.ts";

/** A manifest in which everything a summary can tell is there, with names that mean harm. */
export function summaryFixture(): Manifest {
  const tables = [
    fakeTable("auth", "users", { rows: 1, bytes: 320, totalBytes: 7_000 }),
    fakeTable("public", "events", { kind: "partitioned_table", rows: null, bytes: null, sha256: null, totalBytes: 0 }),
    fakeTable("public", "evil\x1b[2J\n|`name`", {
      rows: 1_234_567,
      bytes: 2e9,
      totalBytes: 3e9,
      folder: "public/tables/evil",
    }),
    fakeTable("public", "queue", { source: "copy" }),
    fakeTable("public", "remote", { kind: "foreign_table", rows: null, bytes: null, sha256: null, totalBytes: 1 }),
    fakeTable("日本", "表", { rows: null, bytes: null, sha256: null }),
  ];
  const { server, client } = fakeManifest();
  return fakeManifest({
    tables,
    label: "pre-upgrade",
    status: "incomplete",
    server: { ...server, inRecovery: true, ctype: "C" },
    client: { ...client, engine: "pg_dump", archiveVersion: null },
    snapshot: { id: "00000003-0000001B-1", walPosition: null, takenAt: "2026-08-10T02:00:05.000Z" },
    largeObjects: { count: 3, bytes: 12_345, sha256: null },
    omissions: [
      { kind: "table data", object: "auth.users", reason: "the role may not read it", severity: "lost" },
      { kind: "table data", object: "public.remote", reason: "it is a foreign table", severity: "expected" },
      { kind: "table data", object: "public.a", reason: "--exclude-table-data", severity: "excluded" },
      { kind: "table data", object: "public.b", reason: "--exclude-table-data", severity: "excluded" },
      { kind: "table data", object: "public.c\x1b[31m", reason: "--exclude-table-data", severity: "excluded" },
    ],
    warnings: ["the client is newer than the server:\nits archives need pg_restore 17"],
    durations: { connect: 300, lock: 100, read: 84_000, frame: 7_000, seal: 300, total: 92_700 },
  });
}
