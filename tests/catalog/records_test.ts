import { assertEquals, assertRejects } from "@std/assert";
import { marksOf } from "../../lib/catalog/backup_marks.ts";
import {
  appendFailedRun,
  appendRecord,
  type BackupRecord,
  readAllRecords,
  readFailedRuns,
  readRecords,
} from "../../lib/catalog/records.ts";
import { recordsFile } from "../../lib/catalog/shelf_paths.ts";
import { TempFolder } from "../../lib/system/mod.ts";

const ID = "20260304_050607-0123456789abcdef";
const at = (day: number) => `2026-03-${String(day).padStart(2, "0")}T00:00:00.000Z`;
const keep = (reason: string): BackupRecord => ({ kind: "keep", at: at(1), reason, until: null });

Deno.test("appendRecord() keeps what several writers append at the same time", async () => {
  await using shelf = await TempFolder.create();
  await Promise.all(Array.from({ length: 50 }, (_, index) => appendRecord(shelf.path, ID, keep(`r${index}`))));
  const reasons = (await readRecords(shelf.path, ID)).map((record) => record.kind === "keep" ? record.reason : "");
  assertEquals(new Set(reasons).size, 50);
  assertEquals((Deno.statSync(recordsFile(shelf.path, ID)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("a record cut off by a crash is ignored and spoils no other", async () => {
  await using shelf = await TempFolder.create();
  await appendRecord(shelf.path, ID, keep("before"));
  const file = recordsFile(shelf.path, ID);
  await Deno.writeTextFile(file, '\n{"kind":"keep","at":"2026-', { append: true });
  await appendRecord(shelf.path, ID, keep("after"));
  assertEquals(await readRecords(shelf.path, ID), [keep("before"), keep("after")]);
});

Deno.test("records of kinds a newer pgstrata writes are passed over", async () => {
  await using shelf = await TempFolder.create();
  await appendRecord(shelf.path, ID, keep("known"));
  await Deno.writeTextFile(recordsFile(shelf.path, ID), '\n{"kind":"blessed"}', { append: true });
  assertEquals(await readAllRecords(shelf.path), new Map([[ID, [keep("known")]]]));
});

Deno.test("appendRecord() refuses what is no record", async () => {
  await using shelf = await TempFolder.create();
  await assertRejects(() => appendRecord(shelf.path, ID, { ...keep("x"), at: "yesterday" } as BackupRecord));
  assertEquals(await readRecords(shelf.path, ID), []);
});

Deno.test("failed runs are noted in the shelf", async () => {
  await using shelf = await TempFolder.create();
  const run = { environment: "prod", startedAt: at(1), at: at(2), reason: "Cannot reach the server" };
  await appendFailedRun(shelf.path, run);
  assertEquals(await readFailedRuns(shelf.path), [run]);
});

Deno.test("marksOf() is what the newest records say", () => {
  const good: BackupRecord = { kind: "verified", at: at(1), good: true, how: "all files" };
  const bad: BackupRecord = { kind: "verified", at: at(2), good: false, how: "db_full.dump differs" };
  const drill: BackupRecord = { kind: "drilled", at: at(3), good: true, coverage: 0.9, how: "PostgreSQL 17" };
  assertEquals(marksOf([good]).verified, { at: at(1), how: "all files" });
  assertEquals([marksOf([good, bad]).verified, marksOf([good, bad]).damaged], [
    null,
    { at: at(2), how: "db_full.dump differs" },
  ]);
  assertEquals(marksOf([bad, good]).damaged, null);
  assertEquals(marksOf([drill]).drilled, { at: at(3), how: "PostgreSQL 17", coverage: 0.9 });
  assertEquals(marksOf([drill, { ...drill, good: false }]).drilled, null);
  assertEquals(marksOf([keep("x"), { kind: "released", at: at(4) }]).keep, null);
  assertEquals(
    marksOf([
      { kind: "stored", at: at(1), destination: "s3://a" },
      { kind: "stored", at: at(1), destination: "s3://b" },
      { kind: "withdrawn", at: at(2), destination: "s3://a" },
    ]).stored,
    ["s3://b"],
  );
});
