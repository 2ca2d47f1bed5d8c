import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { readShelf } from "../../lib/catalog/mod.ts";
import { type Destination, listRemote, openStore, parseDestination } from "../../lib/storage/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { putRealBackup, readTree, treeDigest } from "../crypt/real_backup.ts";
import { startS3 } from "./s3_fixture.ts";

const NAME = "20260304_050607_prod";
const SIZES = Object.fromEntries([
  ["db_full.dump", 20_000_000],
  ...Array.from({ length: 12 }, (_, index) => [`public/tables/t${index}/data.sql`, 100_000 * index]),
]);

/** Processes killed in each direction, on each kind of store. */
const KILLS = 2;

Deno.test("a process killed while it pushes or pulls leaves nothing half; the next call finishes", async () => {
  await using s3 = await startS3();
  await using disk = await TempFolder.create();
  await using shelf = await TempFolder.create();
  const { folder, files } = await putRealBackup(join(shelf.path, NAME), SIZES);
  let killed = 0;
  for (const [kind, url] of [["s3", "s3://backups/"], ["file", `file://${disk.path}/`]] as const) {
    const endpoint = kind === "s3" ? s3.server.endpoint : "";
    const place = async (round: number): Promise<Destination> => {
      if (kind === "file") await Deno.mkdir(join(disk.path, `${round}`));
      return parseDestination({ name: "test", url: `${url}${round}`, ...endpoint === "" ? {} : { endpoint } }, {});
    };
    const run = (action: string, where: string, destination: Destination, killAfter: number | null) =>
      runChild([action, where, NAME, destination.url, endpoint], s3.env, killAfter);
    const first = await place(0);
    const push = await run("push", folder, first, null);
    await using other = await TempFolder.create();
    const pull = await run("pull", other.path, first, null);
    assert(push.success && pull.success);
    for (let round = 1; round <= KILLS; round++) {
      const share = (round - 0.5) / KILLS;
      const destination = await place(round);
      killed += Number((await run("push", folder, destination, push.milliseconds * share)).killed);
      await using store = await openStore(destination, { env: s3.env });
      for (const entry of await listRemote(store, { jobs: 2 })) {
        assert(entry.kind === "partial" || entry.kind === "backup", entry.kind);
      }
      assertEquals((await run("push", folder, destination, null)).success, true);
      assertEquals((await listRemote(store, { jobs: 2 })).map((entry) => entry.kind), ["backup"]);
      await using target = await TempFolder.create();
      killed += Number((await run("pull", target.path, destination, pull.milliseconds * share)).killed);
      const entries = (await readShelf(target.path)).entries;
      assert(entries.every((entry) => entry.kind === "backup"), "nothing unfinished is on the shelf");
      if (entries.length === 0) assertEquals((await run("pull", target.path, destination, null)).success, true);
      assertEquals(treeDigest(readTree(join(target.path, NAME))), treeDigest(files));
    }
  }
  assert(killed >= 1, `only ${killed} processes were killed in time`);
});

/** Runs the child; kills it so many milliseconds after it has begun. */
async function runChild(args: readonly string[], env: Readonly<Record<string, string>>, killAfter: number | null) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(import.meta.dirname ?? "", "transfer_child.ts"), ...args],
    env: { ...env },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const begun = performance.now();
  const timer = killAfter === null ? undefined : setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }, killAfter);
  const status = await child.status;
  clearTimeout(timer);
  await reader.cancel();
  return { success: status.success, killed: status.signal === "SIGKILL", milliseconds: performance.now() - begun };
}
