import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type Clock, PgstrataError } from "../../lib/base/mod.ts";
import { holdBackup } from "../../lib/catalog/in_use.ts";
import { carryOut, type PruneDeps, type PruneEvent, type PruneResult } from "../../lib/catalog/prune.ts";
import { appendRecord, readRecords } from "../../lib/catalog/records.ts";
import { planRetention } from "../../lib/catalog/retention.ts";
import { retentionHistory } from "../../lib/catalog/retention_item.ts";
import { DEFAULT_POLICY } from "../../lib/catalog/retention_policy.ts";
import { readShelf } from "../../lib/catalog/shelf.ts";
import { environmentLock, pruneLock } from "../../lib/catalog/shelf_paths.ts";
import { FileLock, TempFolder } from "../../lib/system/mod.ts";
import { type PutBackup, putBackup, putFile } from "./fixtures.ts";

const NOW = new Date("2026-06-15T12:00:00Z");
const clock: Clock = { now: () => NOW, monotonic: () => 0 };
const POLICY = { ...DEFAULT_POLICY, rules: [{ keepLast: 1 }] };
const name = (day: number, environment = "prod") => `202603${String(day).padStart(2, "0")}_000000_${environment}`;

async function put(shelf: string, count: number, environment = "prod"): Promise<PutBackup[]> {
  const put: PutBackup[] = [];
  for (let day = 1; day <= count; day++) {
    put.push(await putBackup(shelf, { time: new Date(Date.UTC(2026, 2, day)), environment }));
  }
  return put;
}

async function prune(folder: string, deps: Partial<PruneDeps> = {}): Promise<PruneResult> {
  const shelf = await readShelf(folder, { index: "ignore" });
  const plan = planRetention(retentionHistory(shelf), POLICY, NOW);
  return await carryOut(shelf, plan, { clock, ...deps });
}

const left = (folder: string) =>
  [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((one) => !one.startsWith(".")).sort();

Deno.test("carryOut() removes what the plan removes, oldest first, and notes it", async () => {
  await using shelf = await TempFolder.create();
  const [oldest] = await put(shelf.path, 3);
  const events: PruneEvent[] = [];
  const result = await prune(shelf.path, { onEvent: (event) => events.push(event) });
  assertEquals(result, { removed: [name(1), name(2)], skipped: [] });
  assertEquals(events.map((event) => [event.type, event.path]), [["removed", name(1)], ["removed", name(2)]]);
  assertEquals(left(shelf.path), [name(3)]);
  assertEquals(await readRecords(shelf.path, oldest?.id ?? ""), [
    { kind: "removed", at: NOW.toISOString(), reason: "not among the last 1" },
  ]);
  assertEquals(await prune(shelf.path), { removed: [], skipped: [] });
});

Deno.test("carryOut() finishes a removal that was interrupted, even where it refuses to begin one", async () => {
  await using shelf = await TempFolder.create();
  const [oldest] = await put(shelf.path, 3);
  await Deno.rename(oldest?.folder ?? "", `${oldest?.folder}.deleting`);
  await Deno.remove(`${oldest?.folder}.deleting/manifest.json`);
  await putBackup(shelf.path, { time: new Date(Date.UTC(2026, 2, 4)), status: "incomplete" });
  assertEquals(await prune(shelf.path), { removed: [`${name(1)}.deleting`], skipped: [] });
  assertEquals(left(shelf.path), [name(2), name(3), name(4)]);
});

Deno.test("carryOut() leaves an environment alone while a backup of it is running", async () => {
  await using shelf = await TempFolder.create();
  await put(shelf.path, 2, "eu_west");
  await put(shelf.path, 2, "staging");
  using _lock = await FileLock.take(environmentLock(shelf.path, "eu_west"), NOW) as FileLock;
  const busy = { path: name(1, "eu-west"), reason: "a backup of eu_west is running" };
  assertEquals(await prune(shelf.path), { removed: [name(1, "staging")], skipped: [busy] });
  assertEquals((await prune(shelf.path, { lockedEnvironments: new Set(["eu_west"]) })).removed, [name(1, "eu-west")]);
});

Deno.test("carryOut() gives its locks back", async () => {
  await using shelf = await TempFolder.create();
  await put(shelf.path, 2);
  await prune(shelf.path);
  for (const path of [environmentLock(shelf.path, "prod"), pruneLock(shelf.path)]) {
    using lock = await FileLock.take(path, NOW) as FileLock;
    assert(lock instanceof FileLock);
  }
});

Deno.test("carryOut() leaves a backup that somebody reads, and nobody begins to read one that goes", async () => {
  await using shelf = await TempFolder.create();
  const [oldest] = await put(shelf.path, 2);
  {
    using one = await holdBackup(shelf.path, oldest?.id ?? "");
    using two = await holdBackup(shelf.path, oldest?.id ?? "");
    assert(one !== null && two !== null);
    assertEquals((await prune(shelf.path)).skipped, [{ path: name(1), reason: "it is being read" }]);
  }
  assertEquals((await prune(shelf.path)).removed, [name(1)]);
});

Deno.test("carryOut() leaves what was marked or replaced since the plan was made", async () => {
  await using folder = await TempFolder.create();
  const [marked, replaced, gone] = await put(folder.path, 4);
  const shelf = await readShelf(folder.path);
  const plan = planRetention(retentionHistory(shelf), POLICY, NOW);
  await appendRecord(folder.path, marked?.id ?? "", {
    kind: "keep",
    at: NOW.toISOString(),
    reason: "audit",
    until: null,
  });
  await Deno.remove(replaced?.folder ?? "", { recursive: true });
  await putBackup(folder.path, { time: new Date(Date.UTC(2026, 2, 9)), path: name(2) });
  await Deno.remove(gone?.folder ?? "", { recursive: true });
  assertEquals((await carryOut(shelf, plan, { clock })).skipped, [
    { path: name(1), reason: "it was marked to be kept" },
    { path: name(2), reason: "it changed since the plan was made" },
    { path: name(3), reason: "it changed since the plan was made" },
  ]);
  assertEquals(left(folder.path), [name(1), name(2), name(4)]);
});

Deno.test("carryOut() touches nothing that is not ours, whatever the plan says", async () => {
  await using folder = await TempFolder.create();
  await putFile(join(folder.path, "20200101_000000_prod/db_full.dump"), "theirs");
  const shelf = await readShelf(folder.path);
  const made = planRetention(retentionHistory(shelf), POLICY, NOW);
  const plan = { ...made, decisions: [{ action: "remove", path: "20200101_000000_prod", reason: "x" } as const] };
  assertEquals((await carryOut(shelf, plan, { clock })).skipped.map((one) => one.reason), ["it is no sealed backup"]);
});

Deno.test("carryOut() refuses while another prune is running", async () => {
  await using shelf = await TempFolder.create();
  await put(shelf.path, 2);
  using _lock = await FileLock.take(pruneLock(shelf.path), NOW) as FileLock;
  const error = await assertRejects(() => prune(shelf.path), PgstrataError);
  assertEquals([error.code, error.context.pid], ["refused", Deno.pid]);
});

Deno.test("carryOut() stops between two backups when cancelled", async () => {
  await using shelf = await TempFolder.create();
  await put(shelf.path, 4);
  const cancel = new AbortController();
  await assertRejects(
    () =>
      prune(shelf.path, {
        signal: cancel.signal,
        onEvent: () => cancel.abort(new PgstrataError("Stopped", { code: "interrupted" })),
      }),
    PgstrataError,
  );
  assertEquals(left(shelf.path), [name(2), name(3), name(4)]);
});

Deno.test("after kill -9 in the middle every backup is whole or marked, and a second call finishes", async () => {
  await using shelf = await TempFolder.create();
  const root = fromFileUrl(new URL("../../", import.meta.url));
  for (let day = 1; day <= 28; day++) {
    const { folder } = await putBackup(shelf.path, { time: new Date(Date.UTC(2026, 2, day)) });
    for (let file = 0; file < 40; file++) await putFile(join(folder, `public/tables/t${file}/data.sql`), "x");
  }
  const script = `
    import { carryOut, planRetention, readShelf, retentionHistory } from "${root}lib/catalog/mod.ts";
    import { systemClock } from "${root}lib/base/mod.ts";
    const shelf = await readShelf(Deno.args[0]);
    const plan = planRetention(retentionHistory(shelf), ${JSON.stringify(POLICY)}, new Date("2026-06-15T12:00:00Z"));
    let removed = 0;
    const onEvent = () => {
      console.log("removed");
      // However late whoever kills us is: there is something left to be killed in.
      if (++removed === 6) Deno.stdin.readSync(new Uint8Array(1));
    };
    await carryOut(shelf, plan, { clock: systemClock, onEvent });
  `;
  const file = join(shelf.path, ".prune.ts");
  await Deno.writeTextFile(file, script);
  for (let round = 0; round < 4; round++) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "--no-check", "--config", join(root, "deno.json"), file, shelf.path],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    assertEquals((await reader.read()).done, false);
    // Killed at once after it said that one folder is gone: somewhere in one of the next.
    child.kill("SIGKILL");
    while (!(await reader.read()).done);
    assertEquals((await child.status).signal, "SIGKILL");
    await child.stdin.close().catch(() => {});
    const { entries } = await readShelf(shelf.path, { index: "ignore" });
    for (const entry of entries) {
      if (entry.kind === "deleting") continue;
      assert(entry.kind === "backup", `${entry.path} is ${entry.kind}`);
      assertEquals([...Deno.readDirSync(join(entry.folder, "public/tables"))].length, 41);
    }
  }
  await prune(shelf.path);
  assertEquals(left(shelf.path), [name(28)]);
});
