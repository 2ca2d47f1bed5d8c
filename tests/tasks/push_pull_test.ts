import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { holdBackup, readRecords, takeBackup } from "../../lib/catalog/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { PULL_OPTIONS } from "../../tasks/commands/pull.ts";
import { PUSH_OPTIONS } from "../../tasks/commands/push.ts";
import { run as runPull } from "../../tasks/pull.ts";
import { run as runPush } from "../../tasks/push.ts";
import { putRealBackup, readTree, type RealBackup, treeDigest } from "../crypt/real_backup.ts";
import { runOnShelf } from "./shelf_run.ts";

const push = (line: string, shelf: string, given = {}) => runOnShelf(runPush, PUSH_OPTIONS, line, shelf, given);
const pull = (line: string, shelf: string, given = {}) => runOnShelf(runPull, PULL_OPTIONS, line, shelf, given);

const day = (number: number) => new Date(Date.UTC(2026, 4, number, 2));

/** A shelf with two backups of prod, and two folders for copies that its configuration names. */
class Fixture implements AsyncDisposable {
  private constructor(
    readonly shelf: TempFolder,
    readonly disks: readonly [TempFolder, TempFolder],
    readonly backups: readonly RealBackup[],
  ) {}

  static async make(): Promise<Fixture> {
    const shelf = await TempFolder.create();
    const disks = [await TempFolder.create(), await TempFolder.create()] as const;
    const backups: RealBackup[] = [];
    for (const number of [1, 2]) {
      const folder = join(shelf.path, `2026050${number}_020000_prod`);
      backups.push(await putRealBackup(folder, { "db_full.dump": 5_000 }, { time: day(number) }));
    }
    const storage = disks.map(({ path }, index) => ({ name: `disk${index + 1}`, url: `file://${path}` }));
    await Deno.writeTextFile(join(shelf.path, "pgstrata.json"), JSON.stringify({ storage }));
    return new Fixture(shelf, disks, backups);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of [this.shelf, ...this.disks]) await folder[Symbol.asyncDispose]();
  }
}

Deno.test("push stores the newest in every configured place and notes it; pull brings it back", async () => {
  await using fixture = await Fixture.make();
  const { shelf, disks: [one, two], backups: [, newest] } = fixture;
  assert(newest !== undefined);
  const { code, out, err } = await push("", shelf.path);
  assertEquals(code, 0);
  assertEquals(out.text(), `file://${one.path}/20260502_020000_prod\nfile://${two.path}/20260502_020000_prod\n`);
  assertStringIncludes(err.text(), "20260502_020000_prod is in disk1: 3 files, ");
  for (const disk of [one, two]) {
    assertEquals(treeDigest(readTree(join(disk.path, "20260502_020000_prod"))), treeDigest(newest.files));
  }
  const records = await readRecords(shelf.path, newest.id);
  assertEquals(records.map((record) => record.kind === "stored" ? record.destination : record.kind), [
    `file://${one.path}`,
    `file://${two.path}`,
  ]);
  const again = JSON.parse((await push("latest:prod --to disk1", shelf.path, { json: true })).out.text());
  assertEquals([again.version, again.command, again.errors], [1, "push", []]);
  assertEquals([again.pushes[0].storage, again.pushes[0].files, again.pushes[0].movedFiles], ["disk1", 3, 0]);

  await Deno.remove(newest.folder, { recursive: true });
  const pulled = await pull("latest:prod", shelf.path);
  assertEquals([pulled.code, pulled.out.text()], [0, `${newest.folder}\n`]);
  assertEquals(treeDigest(readTree(newest.folder)), treeDigest(newest.files));
});

Deno.test("push --all stores what is not there yet, and then nothing", async () => {
  await using fixture = await Fixture.make();
  const { shelf, disks: [one] } = fixture;
  await push("20260501_020000_prod --to disk1", shelf.path);
  const { out } = await push("--all --to disk1", shelf.path);
  assertEquals(out.text(), `file://${one.path}/20260502_020000_prod\n`);
  const { code, err } = await push("--all --to disk1", shelf.path);
  assertEquals([code, err.text()], [0, "Nothing to push to disk1: every backup is there\n"]);
});

Deno.test("a place that fails does not keep the next one from getting its copy", async () => {
  await using fixture = await Fixture.make();
  const { shelf, disks: [one, two] } = fixture;
  await Deno.remove(one.path);
  const { code, err, out } = await push("", shelf.path);
  assertEquals([code, out.text()], [2, `file://${two.path}/20260502_020000_prod\n`]);
  assertStringIncludes(err.text(), "there is no such folder");
  const elsewhere = { json: true, dir: join(shelf.path, "elsewhere") };
  for (const there of [false, true]) {
    if (there) await Deno.mkdir(one.path);
    const pulled = JSON.parse((await pull("20260502_020000_prod", shelf.path, elsewhere)).out.text());
    assertEquals([pulled.storage, pulled.files], ["disk2", 3], "the first place has no copy, the second has");
    await Deno.remove(pulled.folder, { recursive: true });
  }
});

Deno.test("a backup that is being changed is not pushed, one that is read is", async () => {
  await using fixture = await Fixture.make();
  const { shelf, backups: [, newest] } = fixture;
  assert(newest !== undefined);
  {
    using _taken = await takeBackup(shelf.path, newest.id) ?? undefined;
    const { code, err } = await push("--to disk1", shelf.path);
    assertEquals(code, 7);
    assertStringIncludes(err.text(), "it is being changed or removed");
  }
  using _held = await holdBackup(shelf.path, newest.id) ?? undefined;
  assertEquals((await push("--to disk1", shelf.path)).code, 0);
});

Deno.test("what cannot be pushed or pulled is told with the exit code for it", async () => {
  await using fixture = await Fixture.make();
  const { shelf } = fixture;
  const cases: readonly [() => Promise<unknown>, string, string][] = [
    [() => push("--all latest", shelf.path), "usage", "exclude each other"],
    [() => push("--to nowhere", shelf.path), "usage", "neither configured nor a URL"],
    [() => push("--to s3://user:pass@host/x", shelf.path), "usage", "cannot be understood"],
    [() => pull("latest", shelf.path), "usage", "it is not in"],
    [() => pull("latest --from nowhere", shelf.path), "usage", "neither configured nor a URL"],
  ];
  for (const [attempt, code, text] of cases) {
    const error = await assertRejects(attempt, PgstrataError, text);
    assertEquals(error.code, code);
    assert(error.hint && !error.hint.includes("pass@"));
  }
});

Deno.test("push copies from a shelf that takes no notes, and says so", async () => {
  await using fixture = await Fixture.make();
  const [shelf, disk] = [fixture.shelf.path, fixture.disks[0].path];
  // Not even root can write there: a file where the folder of locks should be, a record that leads nowhere.
  await Deno.mkdir(join(shelf, ".pgstrata/records"), { recursive: true });
  await Deno.writeTextFile(join(shelf, ".pgstrata/in_use"), "");
  await Deno.symlink("/proc/nowhere/x", join(shelf, `.pgstrata/records/${fixture.backups[1]?.id}.jsonl`));
  const { code, err } = await push("latest --to disk1", shelf);
  assertEquals(code, 0, err.text());
  assertStringIncludes(err.text(), "warning: that it is there cannot be noted on the shelf: ");
  assertEquals([...Deno.readDirSync(disk)].map(({ name }) => name), ["20260502_020000_prod"]);
});
