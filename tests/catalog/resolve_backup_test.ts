import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { findBackup, resolveBackup } from "../../lib/catalog/resolve_backup.ts";
import { readShelf } from "../../lib/catalog/shelf.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { putBackup, putFile } from "./fixtures.ts";

const CI = "archive/2026-03-04T05-06-07Z--shop--push--0123456";

async function makeShelf(parent: string): Promise<string> {
  const shelf = join(parent, "backups");
  await putBackup(shelf, { time: new Date("2026-03-01T00:00:00Z"), environment: "prod" });
  await putBackup(shelf, { time: new Date("2026-03-02T00:00:00Z"), environment: "eu_west" });
  await putBackup(shelf, { path: CI, time: new Date("2026-02-01T00:00:00Z") });
  // Made by restores: newer than the others, and never the latest.
  await putBackup(shelf, { time: new Date("2026-03-03T00:00:00Z"), environment: "prod", label: "pre_restore" });
  await putBackup(shelf, { time: new Date("2026-03-03T01:00:00Z"), environment: "qa", label: "pre_restore" });
  await putFile(join(shelf, "20260401_000000_prod.partial/x"), "");
  await putFile(join(shelf, "20260402_000000_prod.deleting/x"), "");
  await putFile(join(shelf, "20250101_000000_prod/db_full.dump"), "");
  await putFile(join(shelf, "photos/x.jpg"), "");
  await putFile(join(shelf, "20260403_000000_prod/manifest.json"), "{");
  return shelf;
}

const FOUND = [
  ["latest", "20260302_000000_eu-west"],
  ["latest:prod", "20260301_000000_prod"],
  ["latest:eu_west", "20260302_000000_eu-west"],
  ["latest:eu-west", "20260302_000000_eu-west"],
  ["20260301_000000_prod", "20260301_000000_prod"],
  ["20260303_000000_prod_pre_restore", "20260303_000000_prod_pre_restore"],
  ["20260301_000000_prod/", "20260301_000000_prod"],
  ["backups/20260301_000000_prod", "20260301_000000_prod"],
  ["./backups/20260301_000000_prod/", "20260301_000000_prod"],
  [CI, CI],
  ["2026-03-04T05-06-07Z--shop--push--0123456", CI],
  ["20250101_000000_prod", "20250101_000000_prod"],
] as const;

for (const [argument, path] of FOUND) {
  Deno.test(`resolveBackup() takes ${argument} for ${path}`, async () => {
    await using temp = await TempFolder.create();
    const shelf = await readShelf(await makeShelf(temp.path));
    assertEquals(resolveBackup(shelf, argument, temp.path).path, path);
  });
}

const REFUSED = [
  ["latest:dev", "usage", "Cannot find the latest backup of dev: there is none in SHELF"],
  ["latest:qa", "usage", "Cannot find the latest backup: there are only safety backups of earlier restores"],
  ["20260301_000000_prd", "usage", "Cannot find backup 20260301_000000_prd: it is no folder of SHELF"],
  ["20260401_000000_prod.partial", "refused", "Cannot use 20260401_000000_prod.partial: it is not finished"],
  ["20260402_000000_prod.deleting", "refused", "Cannot use 20260402_000000_prod.deleting: it is being removed"],
  ["20260403_000000_prod", "not_good", "Cannot use 20260403_000000_prod: its manifest cannot be read"],
  ["photos", "usage", "Cannot use photos: there is no backup in it"],
] as const;

for (const [argument, code, message] of REFUSED) {
  Deno.test(`resolveBackup() refuses ${argument}`, async () => {
    await using temp = await TempFolder.create();
    const shelf = await readShelf(await makeShelf(temp.path));
    const error = assertThrows(() => resolveBackup(shelf, argument, temp.path), PgstrataError);
    assertEquals([error.code, error.message.replace(shelf.folder, "SHELF")], [code, message]);
  });
}

Deno.test("resolveBackup() hints at what may have been meant", async () => {
  await using temp = await TempFolder.create();
  const shelf = await readShelf(await makeShelf(temp.path));
  const hint = (argument: string) => assertThrows(() => resolveBackup(shelf, argument, temp.path), PgstrataError).hint;
  assertEquals(hint("20260301_000000_prd")?.split("?")[0], "Did you mean 20260301_000000_prod");
  // Foreign and unfinished folders are newer, and nobody's newest backup.
  assertEquals(hint("20260301_000000_prd")?.split(". ")[0]?.split("? ")[1], "The newest is 20260302_000000_eu-west");
  assertEquals(hint("nothing")?.split(". ")[0], "The newest is 20260302_000000_eu-west");
  assertEquals(hint("latest:dev"), "There are backups of: eu_west, prod, qa.");
});

Deno.test("findBackup() takes a folder that stands on no shelf of ours", async () => {
  await using temp = await TempFolder.create();
  await makeShelf(temp.path);
  const { folder } = await putBackup(join(temp.path, "elsewhere"));
  const { entry, shelf } = await findBackup("backups", "elsewhere/20260304_050607_prod", temp.path);
  assertEquals([entry.folder, shelf.folder], [folder, join(temp.path, "elsewhere")]);
  assertEquals((await findBackup("backups", "latest", temp.path)).shelf.folder, join(temp.path, "backups"));
  assertEquals((await findBackup("backups", CI, temp.path)).entry.path, CI);
});
