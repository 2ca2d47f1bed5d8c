import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { appendRecord, readRecords } from "../../lib/catalog/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { LIST_OPTIONS } from "../../tasks/commands/list.ts";
import { PRUNE_OPTIONS } from "../../tasks/commands/prune.ts";
import { run as runList } from "../../tasks/list.ts";
import { run as runPrune } from "../../tasks/prune.ts";
import { type PutBackup, putBackup, putFile } from "../catalog/fixtures.ts";
import { NOW, runOnShelf } from "./shelf_run.ts";

const list = (line: string, shelf: string, given = {}) => runOnShelf(runList, LIST_OPTIONS, line, shelf, given);
const prune = (line: string, shelf: string, given = {}) => runOnShelf(runPrune, PRUNE_OPTIONS, line, shelf, given);

const day = (number: number) => new Date(Date.UTC(2026, 4, number, 2));

/** A shelf whose configuration names a folder with copies of three backups, and half of another. */
class Fixture implements AsyncDisposable {
  private constructor(readonly shelf: TempFolder, readonly cold: TempFolder, readonly copies: readonly PutBackup[]) {}

  static async make(): Promise<Fixture> {
    const shelf = await TempFolder.create();
    const cold = await TempFolder.create();
    const copies: PutBackup[] = [];
    for (const number of [1, 2, 3]) copies.push(await putBackup(cold.path, { time: day(number) }));
    await putFile(join(cold.path, "20260504_020000_prod/db_full.dump"), "PGD");
    const storage = [{ name: "disk", url: `file://${cold.path}` }];
    await putFile(join(shelf.path, "pgstrata.json"), JSON.stringify({ storage }));
    return new Fixture(shelf, cold, copies);
  }

  get left(): string[] {
    return [...Deno.readDirSync(this.cold.path)].map(({ name }) => name).filter((name) => /^\d/.test(name)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shelf[Symbol.asyncDispose]();
    await this.cold[Symbol.asyncDispose]();
  }
}

Deno.test("list --remote shows what every configured storage holds", async () => {
  await using fixture = await Fixture.make();
  const { code, out } = await list("--remote", fixture.shelf.path);
  assertEquals(code, 0);
  const rows = out.text().split("\n").slice(1, 5).map((line) => line.split(/ {2,}/).slice(0, 4));
  assertEquals(rows, [
    ["20260504_020000_prod", "42d", "prod", "half pushed"],
    ["20260503_020000_prod", "43d", "prod", "complete"],
    ["20260502_020000_prod", "44d", "prod", "complete"],
    ["20260501_020000_prod", "45d", "prod", "complete"],
  ]);
  assertStringIncludes(out.text(), `3 backups and 1 other folder in file://${fixture.cold.path}: `);
  const { stores } = JSON.parse((await list("prod --from disk", fixture.shelf.path, { json: true })).out.text());
  assertEquals([stores.length, stores[0].name, stores[0].backups.length], [1, "disk", 4]);
  const none = JSON.parse((await list("dev --remote", fixture.shelf.path, { json: true })).out.text());
  assertEquals(none.stores[0].backups, []);
});

Deno.test("list --remote says when no storage is configured", async () => {
  await using shelf = await TempFolder.create();
  const error = await assertRejects(() => list("--remote", shelf.path), PgstrataError);
  assertEquals(error.code, "usage");
  assertStringIncludes(error.hint ?? "", "--from");
});

Deno.test("list --remote gives no age to a folder of which no time is known", async () => {
  await using folder = await TempFolder.create();
  await Deno.mkdir(join(folder.path, "photos/2020"), { recursive: true });
  await Deno.writeTextFile(join(folder.path, "photos/2020/x.jpg"), "");
  const { out } = await list(`--from file://${folder.path}`, folder.path);
  assertStringIncludes(out.text(), "photos");
  assert(!/\d+y/.test(out.text()), out.text());
});

Deno.test("prune --remote plans, and with --apply removes from cold storage only", async () => {
  await using fixture = await Fixture.make();
  const { path } = fixture.shelf;
  await putBackup(path, { time: day(1) });
  const [oldest, marked] = fixture.copies;
  await appendRecord(path, marked?.id ?? "", { kind: "keep", at: NOW.toISOString(), reason: "audit", until: null });
  const planned = await prune("--remote --keep-last 1", path);
  assertStringIncludes(planned.out.text(), "REMOVE (1)\n  20260501_020000_prod");
  assertEquals(fixture.left.length, 4);
  const { code, out } = await prune("--remote --keep-last 1 --apply", path, { json: true });
  assertEquals(code, 0);
  const [store] = JSON.parse(out.text()).stores;
  assertEquals([store.applied, store.removed], [true, ["20260501_020000_prod"]]);
  assertEquals(fixture.left, ["20260502_020000_prod", "20260503_020000_prod", "20260504_020000_prod"]);
  assert([...Deno.readDirSync(path)].some(({ name }) => name === "20260501_020000_prod"));
  assertEquals((await readRecords(path, oldest?.id ?? "")).map(({ kind }) => kind), ["withdrawn"]);
});

Deno.test("prune --remote --apply --quiet prints no plan; without --apply the plan is the result", async () => {
  await using fixture = await Fixture.make();
  const planned = await prune("--remote --keep-last 1", fixture.shelf.path, { quiet: true });
  assertStringIncludes(planned.out.text(), "REMOVE (2)");
  const done = await prune("--remote --keep-last 1 --apply", fixture.shelf.path, { quiet: true });
  assertEquals([done.code, done.out.text(), done.err.text()], [0, "", ""]);
  assertEquals(fixture.left, ["20260503_020000_prod", "20260504_020000_prod"]);
});
