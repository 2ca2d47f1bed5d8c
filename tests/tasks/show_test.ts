import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { appendRecord } from "../../lib/catalog/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { SHOW_OPTIONS } from "../../tasks/commands/show.ts";
import { run } from "../../tasks/show.ts";
import { putBackup, putFile } from "../catalog/fixtures.ts";
import { runOnShelf } from "./shelf_run.ts";

const show = (line: string, shelf: string, given = {}) => runOnShelf(run, SHOW_OPTIONS, line, shelf, given);

Deno.test("show tells state, history and what the rules make of a backup, then its summary", async () => {
  await using shelf = await TempFolder.create();
  const { id } = await putBackup(shelf.path, { time: new Date("2026-06-12T02:00:00Z"), tables: 12 });
  await appendRecord(shelf.path, id, { kind: "verified", at: "2026-06-13T12:00:00Z", good: true, how: "all files" });
  const { code, out, err } = await show("latest", shelf.path);
  assertEquals([code, err.text()], [0, ""]);
  assertEquals(out.text().split("\n").slice(0, 4), [
    "Backup     20260612_020000_prod",
    "State      complete",
    "Age        3d (2026-06-12 02:00:00 UTC)",
    "Verified   2d ago: all files",
  ]);
  assertStringIncludes(
    out.text(),
    "Retention  kept: the newest complete one; the newest verified one; among the last 5",
  );
  assertStringIncludes(out.text(), "History\n  2026-06-13 12:00:00 UTC  verified: all files\n");
  assertStringIncludes(out.text(), "Backup of prod complete: 1 schema, 12 tables, 120 rows");
  assertStringIncludes(out.text(), "Biggest tables (10 of 12)");
  assertStringIncludes((await show("latest", shelf.path, { verbose: true })).out.text(), "Tables (12)");
});

Deno.test("show says when a backup goes, by the rules of pgstrata.json", async () => {
  await using shelf = await TempFolder.create();
  for (const day of [10, 11, 12]) await putBackup(shelf.path, { time: new Date(Date.UTC(2026, 5, day)) });
  const oldest = "20260610_000000_prod";
  assertStringIncludes((await show(oldest, shelf.path)).out.text(), "Retention  kept: among the last 5\n");
  await putFile(join(shelf.path, "pgstrata.json"), `{"retention": {"rules": [{"keepLast": 2}]}}`);
  assertStringIncludes(
    (await show(oldest, shelf.path)).out.text(),
    "Retention  goes with the next prune: not among the last 2\n",
  );
});

Deno.test("show --json holds facts, history and decision", async () => {
  await using shelf = await TempFolder.create();
  const { id, folder } = await putBackup(shelf.path);
  const record = { kind: "keep", at: "2026-06-13T12:00:00Z", reason: "audit", until: null } as const;
  await appendRecord(shelf.path, id, record);
  const document = JSON.parse((await show("latest", shelf.path, { json: true })).out.text());
  assertEquals([document.version, document.command, document.path], [1, "show", "20260304_050607_prod"]);
  assertEquals(document.manifest, join(folder, "manifest.json"));
  assertEquals(document.records, [record]);
  assertEquals(document.retention.rules.map(({ rule }: { rule: string }) => rule), ["newest", "marked", "last"]);
  assertEquals(document.keep, { at: record.at, reason: "audit", until: null });
});

Deno.test("show describes a folder without manifest", async () => {
  await using shelf = await TempFolder.create();
  await putFile(join(shelf.path, "20250101_000000_prod/db_full.dump"), "PGDMP");
  const { out } = await show("20250101_000000_prod", shelf.path);
  assertStringIncludes(out.text(), "State         foreign\n");
  assertStringIncludes(out.text(), "Full archive  db_full.dump\n");
});

Deno.test("show takes a folder elsewhere", async () => {
  await using elsewhere = await TempFolder.create();
  await using shelf = await TempFolder.create();
  const { folder } = await putBackup(elsewhere.path);
  assert((await show(folder, shelf.path)).out.text().includes(`Folder     ${folder}\n`));
});

Deno.test("show refuses what is not finished", async () => {
  await using shelf = await TempFolder.create();
  await putFile(join(shelf.path, "20260610_000000_prod.partial/x"), "x");
  const error = await assertRejects(() => show("20260610_000000_prod.partial", shelf.path), PgstrataError);
  assertEquals(error.code, "refused");
});
