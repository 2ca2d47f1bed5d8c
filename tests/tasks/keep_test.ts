import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { readRecords } from "../../lib/catalog/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { KEEP_OPTIONS } from "../../tasks/commands/keep.ts";
import { run } from "../../tasks/keep.ts";
import { parseUntil } from "../../tasks/keep_until.ts";
import { putBackup, putFile } from "../catalog/fixtures.ts";
import { NOW, runOnShelf } from "./shelf_run.ts";

const keep = (line: string, shelf: string, given = {}) => runOnShelf(run, KEEP_OPTIONS, line, shelf, given);

Deno.test("keep marks a backup, and --release takes the mark back", async () => {
  await using shelf = await TempFolder.create();
  const { id } = await putBackup(shelf.path);
  const marked = await keep("latest:prod|--reason|audit 2026, asked by Jo|--until|6mo", shelf.path);
  assertEquals(
    [marked.code, marked.out.text(), marked.err.text()],
    [0, "", "20260304_050607_prod is kept until 2026-12-15 12:00: audit 2026, asked by Jo\n"],
  );
  const released = await keep("20260304_050607_prod --release", shelf.path);
  assertEquals(released.err.text(), "20260304_050607_prod is kept no more than the rules say\n");
  const at = NOW.toISOString();
  assertEquals(await readRecords(shelf.path, id), [
    { kind: "keep", at, reason: "audit 2026, asked by Jo", until: "2026-12-15T12:00:00.000Z" },
    { kind: "released", at },
  ]);
  const again = await keep("latest --release", shelf.path);
  assertEquals([again.code, again.err.text()], [0, "warning: 20260304_050607_prod was not marked\n"]);
  assertEquals((await readRecords(shelf.path, id)).length, 2);
});

Deno.test("keep --json says what is in force and what was before", async () => {
  await using shelf = await TempFolder.create();
  const { folder } = await putBackup(shelf.path);
  const { out } = await keep("latest --reason x", shelf.path, { json: true });
  assertEquals(JSON.parse(out.text()), {
    version: 1,
    command: "keep",
    path: "20260304_050607_prod",
    folder,
    keep: { at: NOW.toISOString(), reason: "x", until: null },
    before: null,
    errors: [],
  });
});

const REFUSED: readonly (readonly [string, string])[] = [
  ["latest", "Cannot run keep: --reason is missing"],
  ["latest --release --reason x", "Cannot run keep: --release takes a mark back, --reason and --until set one"],
  ["latest --reason x --until tomorrow", 'Cannot read --until: "tomorrow" is neither a day nor a time from now'],
  ["latest --reason x --until 2026-06-14", "Cannot read --until: 2026-06-14 has passed"],
  ["theirs --reason x", "Cannot mark theirs: it has no manifest that can be read"],
];

for (const [line, message] of REFUSED) {
  Deno.test(`keep refuses "${line}"`, async () => {
    await using shelf = await TempFolder.create();
    await putBackup(shelf.path);
    await putFile(join(shelf.path, "theirs/db_full.dump"), "PGDMP");
    const error = await assertRejects(() => keep(line, shelf.path), PgstrataError);
    assertEquals([error.message, error.code], [message, "usage"]);
  });
}

Deno.test("keep proposes the nearest name for one that is not there", async () => {
  await using shelf = await TempFolder.create();
  await putBackup(shelf.path);
  const error = await assertRejects(() => keep("20260304_050607_prdo --reason x", shelf.path), PgstrataError);
  assertStringIncludes(error.hint ?? "", "Did you mean 20260304_050607_prod?");
});

const UNTIL: readonly (readonly [string, string | null])[] = [
  ["2026-12-31", "2026-12-31T23:59:59.000Z"],
  ["2026-06-15", "2026-06-15T23:59:59.000Z"],
  ["2026-12-31T08:00Z", "2026-12-31T08:00:00.000Z"],
  ["2026-12-31T08:00:00+02:00", "2026-12-31T06:00:00.000Z"],
  ["30d", "2026-07-15T12:00:00.000Z"],
  ["1y", "2027-06-15T12:00:00.000Z"],
  ["2026-02-31", null],
  ["2026-13-01", null],
  ["2026-12-31T08:00", null],
  ["0d", null],
  ["31.12.2026", null],
];

for (const [text, expected] of UNTIL) {
  Deno.test(`parseUntil() ${expected === null ? "refuses" : "understands"} ${text}`, async () => {
    if (expected !== null) assertEquals(parseUntil(text, NOW).toISOString(), expected);
    else await assertRejects(() => Promise.resolve().then(() => parseUntil(text, NOW)), PgstrataError);
  });
}
