import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { readShelf } from "../../lib/catalog/mod.ts";
import { encryptBackup, generateAgeKey } from "../../lib/crypt/mod.ts";
import {
  bytesSource,
  chooseRemote,
  FolderStore,
  listRemote,
  MemoryStore,
  pullBackup,
  pushBackup,
  type RemoteBackup,
  type Store,
  type TransferEvent,
} from "../../lib/storage/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { noise, publicSummary, putRealBackup, readTree, type RealBackup, treeDigest } from "../crypt/real_backup.ts";
import { contentOf, keysOf } from "./store_contract.ts";

const CLOCK = { now: () => new Date("2026-06-01T00:00:00Z"), monotonic: () => 0 };
const NAME = "20260304_050607_prod";
const DEPS = { jobs: 3, clock: CLOCK };

async function put(shelf: TempFolder, name = NAME): Promise<RealBackup> {
  return await putRealBackup(join(shelf.path, name), {
    "db_full.dump": 9_000_000,
    "public/public_schema_20260304_050607.dump": 70_000,
    "public/tables/%4Frders/data.sql": 5_000,
    "public/tables/empty/data.sql": 0,
  });
}

async function only(store: Store): Promise<RemoteBackup> {
  const [entry, ...rest] = await listRemote(store, { jobs: 2 });
  assert(entry?.kind === "backup" && rest.length === 0);
  return entry;
}

/** A store that fails at the write after so many, as a broken connection would. */
function failing(store: Store, writes: number): Store {
  let left = writes;
  const put: Store["put"] = async (...given) => {
    if (left-- <= 0) throw new PgstrataError("Cannot store: the line broke", { code: "connection" });
    return await store.put(...given);
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "put") return put;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("a backup is pushed and pulled back byte for byte, onto every kind of store", async () => {
  await using folder = await TempFolder.create();
  for (const store of [new MemoryStore(CLOCK), await FolderStore.open(folder.path, "file:///x")]) {
    await using shelf = await TempFolder.create();
    await using other = await TempFolder.create();
    const { files, id, folder: source } = await put(shelf);
    const result = await pushBackup(store, { folder: source, path: NAME }, DEPS);
    assertEquals([result.files, result.movedFiles], [files.size, files.size]);
    const remote = await only(store);
    assertEquals([remote.path, remote.method, remote.summary?.id, remote.environment], [NAME, "plain", id, "prod"]);
    const pulled = await pullBackup(store, remote, other.path, DEPS);
    assertEquals(treeDigest(readTree(pulled.folder)), treeDigest(files));
    assertEquals((await readShelf(other.path)).entries.map(({ kind }) => kind), ["backup"]);
    assertModes(pulled.folder);
    assertEquals([...Deno.readDirSync(join(other.path, ".pgstrata/pull"))], []);
    // A second push has nothing to do.
    const again = await pushBackup(store, { folder: source, path: NAME }, DEPS);
    assertEquals([again.movedFiles, again.movedBytes], [0, 0]);
    const refused = await assertRejects(() => pullBackup(store, remote, other.path, DEPS), PgstrataError);
    assertEquals(refused.code, "refused");
  }
});

Deno.test("an encrypted backup is pushed, listed and pulled without a key", async () => {
  await using shelf = await TempFolder.create();
  await using other = await TempFolder.create();
  const { folder, id } = await put(shelf);
  const { recipient } = await generateAgeKey();
  await encryptBackup(folder, { method: "age", recipients: [recipient] }, publicSummary);
  const store = new MemoryStore(CLOCK);
  await pushBackup(store, { folder, path: NAME }, DEPS);
  const readPublic = (text: string) => JSON.parse(text).summary;
  const [remote] = await listRemote(store, { jobs: 1, readPublic });
  assert(remote?.kind === "backup");
  assertEquals([remote.method, remote.summary?.id], ["age", id]);
  for (const key of await keysOf(store, "")) {
    assert(!new TextDecoder("latin1").decode(await contentOf(store, key)).includes("COPY public"), key);
  }
  const pulled = await pullBackup(store, remote, other.path, DEPS);
  assertEquals(treeDigest(readTree(pulled.folder)), treeDigest(readTree(folder)));
});

Deno.test("a push that broke is no backup, and the next one goes on where it stopped", async () => {
  await using shelf = await TempFolder.create();
  const { folder, files } = await put(shelf);
  for (let writes = 0; writes < files.size; writes++) {
    const store = new MemoryStore(CLOCK);
    await assertRejects(
      () => pushBackup(failing(store, writes), { folder, path: NAME }, DEPS),
      PgstrataError,
      "the line broke",
    );
    const entries = await listRemote(store, { jobs: 1 });
    assertEquals(entries.map(({ kind }) => kind), writes === 0 ? [] : ["partial"], `after ${writes} writes`);
    assert(!(await keysOf(store, "")).includes(`${NAME}/manifest.json`), "the manifest is last");
    const result = await pushBackup(store, { folder, path: NAME }, DEPS);
    assertEquals(result.movedFiles, files.size - writes);
    await only(store);
  }
});

Deno.test("nothing is taken for stored that has the right length only", async () => {
  await using shelf = await TempFolder.create();
  await using target = await TempFolder.create();
  const { folder, files } = await put(shelf);
  const store = await FolderStore.open(target.path, "file:///x");
  await store.put(`${NAME}/db_full.dump`, bytesSource(noise(9_000_000, 77)));
  await pushBackup(store, { folder, path: NAME }, DEPS);
  assertEquals(treeDigest(readTree(join(target.path, NAME))), treeDigest(files));
});

Deno.test("a damaged, incomplete or foreign folder is not pushed", async () => {
  const cases: Readonly<Record<string, [(folder: string) => Promise<void>, string]>> = {
    "a file of another content": [
      async (folder) => {
        const path = join(folder, "db_full.dump");
        const bytes = await Deno.readFile(path);
        bytes[5_000_000] = (bytes[5_000_000] ?? 0) ^ 1;
        await Deno.writeFile(path, bytes);
      },
      "not_good",
    ],
    "a shorter file": [(folder) => Deno.truncate(join(folder, "db_full.dump"), 10), "not_good"],
    "a missing file": [(folder) => Deno.remove(join(folder, "db_full.dump")), "not_good"],
    "missing checksums": [(folder) => Deno.remove(join(folder, "SHA256SUMS")), "not_good"],
    "another manifest": [(folder) => Deno.writeTextFile(join(folder, "manifest.json"), "{}"), "not_good"],
    "no manifest": [(folder) => Deno.remove(join(folder, "manifest.json")), "refused"],
  };
  for (const [name, [spoil, code]] of Object.entries(cases)) {
    await using shelf = await TempFolder.create();
    const { folder } = await put(shelf);
    await spoil(folder);
    const store = new MemoryStore(CLOCK);
    const error = await assertRejects(() => pushBackup(store, { folder, path: NAME }, DEPS), PgstrataError);
    assertEquals(error.code, code, `${name}: ${error.message}`);
    assertEquals((await listRemote(store, { jobs: 1 })).filter(({ kind }) => kind === "backup"), [], name);
  }
});

Deno.test("another backup by the same name is not overwritten, in whatever form", async () => {
  await using shelf = await TempFolder.create();
  await using other = await TempFolder.create();
  const { folder } = await put(shelf);
  const store = new MemoryStore(CLOCK);
  await pushBackup(store, { folder, path: NAME }, DEPS);
  const before = await Promise.all((await keysOf(store, "")).map((key) => contentOf(store, key)));
  const another = await putRealBackup(join(other.path, NAME), { "db_full.dump": 100 });
  const encrypted = await put(other, "encrypted");
  const { recipient } = await generateAgeKey();
  await encryptBackup(encrypted.folder, { method: "age", recipients: [recipient] }, publicSummary);
  for (const one of [another, encrypted]) {
    const error = await assertRejects(() => pushBackup(store, { folder: one.folder, path: NAME }, DEPS), PgstrataError);
    assertEquals(error.code, "refused");
  }
  assertEquals(await Promise.all((await keysOf(store, "")).map((key) => contentOf(store, key))), before);
});

Deno.test("plain files of a push that broke go when the backup is pushed encrypted", async () => {
  await using shelf = await TempFolder.create();
  const { folder } = await put(shelf);
  const store = new MemoryStore(CLOCK);
  await assertRejects(() => pushBackup(failing(store, 3), { folder, path: NAME }, DEPS));
  const { recipient } = await generateAgeKey();
  await encryptBackup(folder, { method: "age", recipients: [recipient] }, publicSummary);
  const events: TransferEvent[] = [];
  await pushBackup(store, { folder, path: NAME }, { ...DEPS, onEvent: (event) => events.push(event) });
  assertEquals(await keysOf(store, ""), [...readTree(folder).keys()].map((path) => `${NAME}/${path}`).sort());
  assertEquals(events.filter(({ type }) => type === "notice").length, 3);
});

Deno.test("a pull goes on in the middle of a file, and brings a beginning that is wrong anew", async () => {
  await using shelf = await TempFolder.create();
  const { folder, files } = await put(shelf);
  const store = new MemoryStore(CLOCK);
  await pushBackup(store, { folder, path: NAME }, DEPS);
  const remote = await only(store);
  const full = files.get("db_full.dump") ?? new Uint8Array();
  for (
    const [name, beginning, moved] of [
      ["a right beginning", full.slice(0, 8_500_000), full.length - 8_500_000],
      ["a wrong beginning", noise(8_500_000, 3), full.length],
      ["a file that is too long", noise(9_500_000, 3), full.length],
    ] as const
  ) {
    await using other = await TempFolder.create();
    const work = join(other.path, ".pgstrata/pull", NAME);
    await Deno.mkdir(work, { recursive: true });
    await Deno.writeFile(join(work, "db_full.dump.part"), beginning);
    await Deno.writeTextFile(join(work, "of another backup"), "x");
    const result = await pullBackup(store, remote, other.path, DEPS);
    assertEquals(treeDigest(readTree(result.folder)), treeDigest(files), name);
    const rest = [...files].reduce((sum, [path, bytes]) => sum + (path === "db_full.dump" ? 0 : bytes.length), 0);
    assertEquals(result.movedBytes, moved + rest, name);
  }
});

Deno.test("a stored backup that is damaged or incomplete is not pulled", async () => {
  await using shelf = await TempFolder.create();
  const { folder } = await put(shelf);
  const key = (path: string) => `${NAME}/${path}`;
  const cases: Readonly<Record<string, (store: MemoryStore) => Promise<unknown>>> = {
    "another content": (store) => store.put(key("db_full.dump"), bytesSource(noise(9_000_000, 3))),
    "shorter": (store) => store.put(key("db_full.dump"), bytesSource(noise(90, 3))),
    "a missing file": (store) => store.remove(key("db_full.dump")),
    "missing checksums": (store) => store.remove(key("SHA256SUMS")),
    "checksums that leave the folder": (store) =>
      store.put(key("SHA256SUMS"), bytesSource(new TextEncoder().encode(`${"ab".repeat(32)}  ../../evil\n`))),
  };
  for (const [name, spoil] of Object.entries(cases)) {
    await using other = await TempFolder.create();
    const store = new MemoryStore(CLOCK);
    await pushBackup(store, { folder, path: NAME }, DEPS);
    const remote = await only(store);
    await spoil(store);
    const error = await assertRejects(() => pullBackup(store, remote, other.path, DEPS), PgstrataError);
    assertEquals(error.code, "not_good", `${name}: ${error.message}`);
    assertEquals((await readShelf(other.path)).entries, [], name);
  }
});

Deno.test("latest, latest:ENV and names choose among whole backups only", async () => {
  await using shelf = await TempFolder.create();
  const store = new MemoryStore(CLOCK);
  const make = async (path: string, environment: string, day: number) => {
    const facts = { environment, time: new Date(Date.UTC(2026, 2, day)) };
    const { folder } = await putRealBackup(join(shelf.path, path), { "db_full.dump": 10 }, facts);
    await pushBackup(store, { folder, path }, DEPS);
  };
  await make("20260301_000000_prod", "prod", 1);
  await make("20260302_000000_staging", "staging", 2);
  await make("archive/2026-03-03T00-00-00Z--shop--push--abcdef1", "prod", 3);
  await make("prod/archive/2026-03-04T00-00-00Z--shop--push--abcdef1", "prod", 4);
  await store.put("20260305_000000_prod/db_full.dump", bytesSource(noise(5)));
  await store.put("photos/cat.jpg", bytesSource(noise(5)));
  const entries = await listRemote(store, { jobs: 3 });
  assertEquals(entries.map(({ path, kind }) => `${kind} ${path}`).sort(), [
    "backup 20260301_000000_prod",
    "backup 20260302_000000_staging",
    "backup archive/2026-03-03T00-00-00Z--shop--push--abcdef1",
    "backup prod/archive/2026-03-04T00-00-00Z--shop--push--abcdef1",
    "foreign photos",
    "partial 20260305_000000_prod",
  ]);
  const chosen = (argument: string) => chooseRemote(entries, argument, "memory:").path;
  assertEquals(chosen("latest"), "prod/archive/2026-03-04T00-00-00Z--shop--push--abcdef1");
  assertEquals(chosen("latest:staging"), "20260302_000000_staging");
  assertEquals(chosen("20260301_000000_prod/"), "20260301_000000_prod");
  assertEquals(chosen("backups/20260301_000000_prod"), "20260301_000000_prod");
  const code = (argument: string) => {
    try {
      return chosen(argument);
    } catch (error) {
      assert(error instanceof PgstrataError);
      assertStringIncludes(error.hint ?? "", " ");
      return error.code;
    }
  };
  assertEquals([code("latest:dev"), code("nothing"), code("20260305_000000_prod"), code("photos")], [
    "usage",
    "usage",
    "refused",
    "refused",
  ]);
});

/** Folders 0700, files 0600, everywhere. */
function assertModes(folder: string): void {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    assertEquals((Deno.lstatSync(path).mode ?? 0) & 0o777, entry.isDirectory ? 0o700 : 0o600, path);
    if (entry.isDirectory) assertModes(path);
  }
}
