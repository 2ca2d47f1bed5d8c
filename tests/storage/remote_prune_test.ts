import { assert, assertEquals } from "@std/assert";
import { PutObjectLockConfigurationCommand } from "@aws-sdk/client-s3";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { DEFAULT_POLICY, readRecords } from "../../lib/catalog/mod.ts";
import {
  carryOutRemote,
  listRemote,
  MemoryStore,
  openStore,
  planRemoteRetention,
  pushBackup,
  type Store,
} from "../../lib/storage/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { putRealBackup } from "../crypt/real_backup.ts";
import { plainClient, startS3 } from "./s3_fixture.ts";
import { keysOf } from "./store_contract.ts";

const NOW = new Date("2026-06-01T00:00:00Z");
const DEPS = { jobs: 2, clock: { now: () => NOW, monotonic: () => 0 } };
const POLICY = { ...DEFAULT_POLICY, rules: [{ keepLast: 2 }] };

/** Pushes backups of the first days of March, one a day. */
async function fill(store: Store, shelf: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let day = 1; day <= count; day++) {
    const path = `2026030${day}_000000_prod`;
    const backup = await putRealBackup(join(shelf, path), { "db_full.dump": 100, "public/tables/a/data.sql": 10 }, {
      time: new Date(Date.UTC(2026, 2, day)),
    });
    await pushBackup(store, { folder: backup.folder, path }, { jobs: 2 });
    ids.push(backup.id);
  }
  return ids;
}

async function kinds(store: Store): Promise<string[]> {
  return (await listRemote(store, { jobs: 2 })).map(({ path, kind }) => `${kind} ${path.slice(6, 8)}`);
}

Deno.test("a store is pruned by the policy, and the shelf's records say so", async () => {
  await using shelf = await TempFolder.create();
  const store = new MemoryStore(DEPS.clock);
  const [first = ""] = await fill(store, shelf.path, 5);
  const entries = await listRemote(store, { jobs: 2 });
  const plan = planRemoteRetention(entries, POLICY, NOW, { minimumDays: null });
  assertEquals(plan.decisions.map(({ action }) => action), ["keep", "keep", "remove", "remove", "remove"]);
  assert(plan.freedBytes > 0);
  const records = { shelf: shelf.path, destination: "s3://b/x" };
  const result = await carryOutRemote(store, entries, plan, { ...DEPS, records });
  assertEquals(result.removed, ["20260301_000000_prod", "20260302_000000_prod", "20260303_000000_prod"]);
  assertEquals(await kinds(store), ["backup 05", "backup 04"]);
  assertEquals((await keysOf(store, "20260301")).length, 0);
  assertEquals((await readRecords(shelf.path, first)).map(({ kind }) => kind), ["withdrawn"]);
  const again = planRemoteRetention(await listRemote(store, { jobs: 2 }), POLICY, NOW, { minimumDays: null });
  assertEquals(again.decisions.map(({ action }) => action), ["keep", "keep"]);
});

Deno.test("what is marked on the shelf to be kept is kept in the store", async () => {
  await using shelf = await TempFolder.create();
  const store = new MemoryStore(DEPS.clock);
  const [first = ""] = await fill(store, shelf.path, 4);
  const keep = { at: NOW.toISOString(), reason: "audit", until: null };
  const marks = new Map([[first, { verified: null, damaged: null, drilled: null, keep, stored: [] }]]);
  const entries = await listRemote(store, { jobs: 2 });
  const plan = planRemoteRetention(entries, POLICY, NOW, { minimumDays: null, marks });
  assertEquals(plan.decisions.map(({ action }) => action), ["keep", "keep", "remove", "keep"]);
});

Deno.test("nothing is removed before the storage class's minimum duration has passed", async () => {
  await using shelf = await TempFolder.create();
  const store = new MemoryStore({ now: () => new Date("2026-03-10T00:00:00Z"), monotonic: () => 0 });
  await fill(store, shelf.path, 4);
  const entries = await listRemote(store, { jobs: 2 });
  for (const [day, removed] of [["2026-06-07", 0], ["2026-06-08", 2]] as const) {
    const plan = planRemoteRetention(entries, POLICY, new Date(`${day}T00:00:00Z`), { minimumDays: 90 });
    assertEquals(plan.decisions.filter(({ action }) => action === "remove").length, removed, day);
    const whole = plan.remainingBytes + plan.freedBytes;
    assertEquals(plan.freedBytes, whole / 4 * removed, "what has to stay is not said to come free");
    const capped = planRemoteRetention(entries, { ...POLICY, maxBytes: 1 }, new Date(`${day}T00:00:00Z`), {
      minimumDays: 90,
    });
    assertEquals(
      [capped.remainingBytes, capped.overCap],
      [removed === 0 ? whole : whole / 4, true],
      "nor is a cap met",
    );
    const waiting = plan.decisions.flatMap((decision) => decision.action === "keep" ? decision.rules : []);
    assertEquals(waiting.some(({ rule }) => rule === "minimum_days"), removed === 0);
  }
});

Deno.test("what is locked is passed over, and that is no error", async () => {
  await using shelf = await TempFolder.create();
  const store = new MemoryStore(DEPS.clock);
  await fill(store, shelf.path, 4);
  store.lock("20260301_000000_prod/manifest.json", new Date("2026-07-01T00:00:00Z"));
  // Only one of its files: the backup goes, the rest of it when the lock has run out.
  store.lock("20260302_000000_prod/db_full.dump", "held");
  const entries = await listRemote(store, { jobs: 2 });
  const plan = planRemoteRetention(entries, POLICY, NOW, { minimumDays: null });
  const { removed, skipped } = await carryOutRemote(store, entries, plan, DEPS);
  assertEquals(removed, []);
  assertEquals(skipped.map(({ path }) => path), ["20260301_000000_prod", "20260302_000000_prod"]);
  assertEquals(await kinds(store), ["backup 04", "backup 03", "removing 02", "backup 01"]);
});

Deno.test("a removal that broke is finished by the next one, whatever it had removed", async () => {
  await using shelf = await TempFolder.create();
  for (let removals = 0; removals < 6; removals++) {
    const store = new MemoryStore(DEPS.clock);
    await fill(store, shelf.path, 3);
    let left = removals;
    const broken: Store = Object.assign(Object.create(store), {
      list: store.list.bind(store),
      listFolder: store.listFolder.bind(store),
      head: store.head.bind(store),
      put: store.put.bind(store),
      get: store.get.bind(store),
      remove: async (key: string) => {
        if (left-- <= 0) throw new PgstrataError("Cannot remove: the line broke", { code: "connection" });
        await store.remove(key);
      },
    });
    const carryOut = async (target: Store) => {
      const entries = await listRemote(store, { jobs: 1 });
      const plan = planRemoteRetention(entries, POLICY, NOW, { minimumDays: null });
      await carryOutRemote(target, entries, plan, { ...DEPS, jobs: 1 });
    };
    const failed = await carryOut(broken).then(() => false, () => true);
    if (failed) {
      assertEquals((await kinds(store)).slice(0, 2), ["backup 03", "backup 02"]);
      assertEquals((await kinds(store))[2], "removing 01");
      await carryOut(store);
    }
    assertEquals(await kinds(store), ["backup 03", "backup 02"], `after ${removals} removals`);
    assertEquals(await keysOf(store, "20260301"), []);
  }
});

Deno.test("a bucket with object lock is pushed to, and what it locks is respected", async () => {
  await using s3 = await startS3("moto", true);
  await using shelf = await TempFolder.create();
  const client = plainClient(s3.server);
  await client.send(
    new PutObjectLockConfigurationCommand({
      Bucket: "backups",
      ObjectLockConfiguration: {
        ObjectLockEnabled: "Enabled",
        Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: 30 } },
      },
    }),
  );
  client.destroy();
  const destination = { ...s3.destination(), storageClass: "STANDARD_IA" };
  await using store = await openStore(destination, { env: s3.env });
  await fill(store, shelf.path, 3);
  const entries = await listRemote(store, { jobs: 2 });
  const [newest] = entries;
  assert(newest?.kind === "backup");
  assertEquals(newest.storageClass, "STANDARD_IA");
  const now = new Date();
  // The class of the objects alone would hold them for a month.
  const held = planRemoteRetention(entries, POLICY, now, { minimumDays: null });
  assertEquals(held.decisions.map(({ action }) => action), ["keep", "keep", "keep"]);
  const plan = planRemoteRetention(entries, POLICY, now, { minimumDays: 0 });
  const { removed, skipped } = await carryOutRemote(store, entries, plan, {
    jobs: 2,
    clock: { now: () => now, monotonic: () => 0 },
  });
  assertEquals(removed, []);
  assertEquals(skipped.length, 1);
  assert(/until 20/.test(skipped[0]?.reason ?? ""), skipped[0]?.reason);
  assertEquals((await kinds(store)).length, 3);
});

Deno.test("a place that is full is pruned all the same: removals make the room", async () => {
  await using shelf = await TempFolder.create();
  const store = new MemoryStore(DEPS.clock);
  await fill(store, shelf.path, 3);
  const entries = await listRemote(store, { jobs: 2 });
  const plan = planRemoteRetention(entries, POLICY, NOW, { minimumDays: null });
  let refused = 0;
  store.put = () => {
    refused++;
    return Promise.reject(new PgstrataError("Cannot store it: the place is full", { code: "no_room" }));
  };
  assertEquals(await carryOutRemote(store, entries, plan, DEPS), { removed: ["20260301_000000_prod"], skipped: [] });
  assertEquals(await kinds(store), ["backup 03", "backup 02"]);
  assertEquals([refused > 0, await keysOf(store, "20260301")], [true, []]);
});
