import { assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { bytesSource, FolderStore, MemoryStore } from "../../lib/storage/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { noise } from "../crypt/real_backup.ts";
import { checkStore, keysOf } from "./store_contract.ts";

const CLOCK = { now: () => new Date(), monotonic: () => 0 };

Deno.test("the memory store keeps the contract", async () => {
  await using store = new MemoryStore(CLOCK);
  await checkStore(store, 100_000);
});

Deno.test("the folder store keeps the contract, with private modes and nothing left over", async () => {
  await using folder = await TempFolder.create();
  await using store = await FolderStore.open(folder.path, "file:///backups");
  await checkStore(store, 9_000_000);
  assertEquals([...Deno.readDirSync(folder.path)], []);
  await store.put("a/b", bytesSource(noise(10)));
  const mode = (path: string) => (Deno.statSync(join(folder.path, path)).mode ?? 0) & 0o777;
  assertEquals([mode("a"), mode("a/b")], [0o700, 0o600]);
});

Deno.test("the folder store does not make its own folder, and passes over what killed processes left", async () => {
  await using folder = await TempFolder.create();
  const error = await assertRejects(() => FolderStore.open(join(folder.path, "unmounted"), "file:///x"), PgstrataError);
  assertEquals(error.code, "usage");
  await using store = await FolderStore.open(folder.path, "file:///x");
  await store.put("a/b", bytesSource(noise(10)));
  await Deno.writeTextFile(join(folder.path, `a/.b.${crypto.randomUUID()}.partial`), "half");
  assertEquals(await keysOf(store, ""), ["a/b"]);
  await store.remove("a/b");
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("the folder store removes what killed processes left, and nothing that is being written", async () => {
  await using folder = await TempFolder.create();
  await using store = await FolderStore.open(folder.path, "file:///x");
  const partial = () => join(folder.path, `a/.b.${crypto.randomUUID()}.partial`);
  await Deno.mkdir(join(folder.path, "a/empty/below"), { recursive: true });
  assertEquals((await store.listFolder("")).folders, [], "a folder without objects is none");
  const [abandoned, written] = [partial(), partial()];
  await Deno.writeTextFile(abandoned, "half");
  using writer = await Deno.open(written, { write: true, createNew: true });
  await writer.lock(true);
  await store.put("a/b", bytesSource(noise(10)));
  const names = [...Deno.readDirSync(join(folder.path, "a"))].map(({ name }) => name).sort();
  assertEquals(names, [basename(written), "b", "empty"].sort());
  await store.remove("a/b");
  assertEquals([...Deno.readDirSync(folder.path)], [], "nor do empty folders stay");
});
