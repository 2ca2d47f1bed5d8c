import { assert, assertEquals, assertRejects } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { bytesSource, type ObjectSource, type Store } from "../../lib/storage/mod.ts";
import { noise, sha256 } from "../crypt/real_backup.ts";

/** Keys that a backup can have: encoded names, and what else a table may be called. */
const KEYS = [
  "a",
  "20260304_050607_prod/public/tables/%4Frders/data.sql",
  "with space + plus & amp/ünïcödé 表/it's 'quoted' (1).sql",
  "tilde~/dollar$/at@/hash#/comma,/semi;/eq=/ex!",
];

/** What every store promises. `large` is a size that the store keeps in several parts. */
export async function checkStore(store: Store, large: number): Promise<void> {
  for (
    const check of [roundTrip, listing, replacing, conditional, changedSources, ranges, removing, badKeys, together]
  ) {
    await check(store, large);
    for (const key of await keysOf(store, "")) await store.remove(key);
    assertEquals(await keysOf(store, ""), [], `${check.name} leaves nothing that cannot be removed`);
  }
}

/** All content of an object. */
export async function contentOf(store: Store, key: string): Promise<Uint8Array> {
  return new Uint8Array(await new Response(await store.get(key)).arrayBuffer());
}

/** All keys, sorted. */
export async function keysOf(store: Store, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix), ({ key }) => key)).sort();
}

async function roundTrip(store: Store, large: number): Promise<void> {
  const sizes = [0, 1, 70_000, large];
  for (const [index, key] of KEYS.entries()) {
    const content = noise(sizes[index] ?? 0, index + 1);
    let told = 0;
    const onBytes = (bytes: number) => told += bytes;
    assertEquals(await store.head(key), null);
    assertEquals(await store.put(key, bytesSource(content), { onBytes }), "written");
    assertEquals(told, content.length);
    const details = await store.head(key);
    assertEquals([details?.key, details?.bytes, details?.locked], [key, content.length, null]);
    assert(details?.sha256 === null || details?.sha256 === sha256(content), "a noted hash is the content's");
    assert(Math.abs((details?.modified.getTime() ?? 0) - Date.now()) < 120_000);
    assertEquals(sha256(await contentOf(store, key)), sha256(content), key);
  }
  assertEquals(await keysOf(store, ""), KEYS.toSorted());
}

async function listing(store: Store): Promise<void> {
  for (const key of ["x/1", "x/2", "x/y/3", "x/y/z/4", "xx/5", "top", "w-6", "w/7"]) {
    await store.put(key, bytesSource(new TextEncoder().encode(key)));
  }
  assertEquals(await keysOf(store, "x/"), ["x/1", "x/2", "x/y/3", "x/y/z/4"]);
  assertEquals(await keysOf(store, "x"), ["x/1", "x/2", "x/y/3", "x/y/z/4", "xx/5"]);
  assertEquals(await keysOf(store, "x/y/"), ["x/y/3", "x/y/z/4"]);
  assertEquals(await keysOf(store, "nothing/"), []);
  const level = async (folder: string) => {
    const { folders, objects } = await store.listFolder(folder);
    return [folders, objects.map(({ key, bytes }) => `${key}:${bytes}`).sort()];
  };
  assertEquals(await level(""), [["w", "x", "xx"], ["top:3", "w-6:3"]]);
  assertEquals(await level("x"), [["x/y"], ["x/1:3", "x/2:3"]]);
  assertEquals(await level("nothing"), [[], []]);
}

async function replacing(store: Store, large: number): Promise<void> {
  for (const size of [large, 10, 20]) {
    await store.put("same", bytesSource(noise(size, size)));
    assertEquals(sha256(await contentOf(store, "same")), sha256(noise(size, size)));
  }
}

async function conditional(store: Store, large: number): Promise<void> {
  for (const size of [10, large]) {
    const first = bytesSource(noise(size, 1));
    assertEquals(await store.put(`once${size}`, first, { ifAbsent: true }), "written");
    assertEquals(await store.put(`once${size}`, bytesSource(noise(size, 2)), { ifAbsent: true }), "exists");
    assertEquals(sha256(await contentOf(store, `once${size}`)), first.sha256);
  }
}

async function changedSources(store: Store, large: number): Promise<void> {
  for (const size of [0, 10, large]) {
    const key = `kept${size}`;
    const older = noise(30, 3);
    await store.put(key, bytesSource(older));
    const right = bytesSource(noise(size, 4));
    const wrong: Readonly<Record<string, [ObjectSource, string | null]>> = {
      "another hash": [{ ...right, sha256: sha256(noise(99)) }, "not_good"],
      "too short": [{ ...right, bytes: size + 1 }, "not_good"],
      "a read that fails": [{ ...right, bytes: size + 1, read: () => Promise.reject(new Error("disk")) }, null],
    };
    for (const [name, [source, code]] of Object.entries(wrong)) {
      const error = await assertRejects(() => store.put(key, source), Error);
      if (code !== null) assert(error instanceof PgstrataError && error.code === code, `${name}: ${error.message}`);
      assertEquals(sha256(await contentOf(store, key)), sha256(older), `${name}: the older object stays`);
      await assertRejects(() => store.put(`${key}/new`, source));
      assertEquals(await store.head(`${key}/new`), null, `${name}: nothing is stored`);
    }
  }
}

async function ranges(store: Store, large: number): Promise<void> {
  const content = noise(large, 5);
  await store.put("ranged", bytesSource(content));
  for (const [offset, length] of [[0, 1], [5, 10], [large - 7, 7], [0, large], [large - 100, 0]] as const) {
    const part = new Uint8Array(await new Response(await store.get("ranged", { offset, length })).arrayBuffer());
    assertEquals(sha256(part), sha256(content.subarray(offset, offset + length)), `${offset}+${length}`);
  }
  const stream = await store.get("ranged");
  await stream.cancel();
  const error = await assertRejects(() => store.get("absent"), PgstrataError);
  assertEquals(error.code, "not_good");
}

async function removing(store: Store): Promise<void> {
  await store.put("a/b/c", bytesSource(noise(3)));
  await store.put("a/b/d", bytesSource(noise(3)));
  await store.remove("a/b/c");
  await store.remove("a/b/c");
  await store.remove("never/there");
  assertEquals(await keysOf(store, ""), ["a/b/d"]);
}

async function badKeys(store: Store): Promise<void> {
  for (const key of ["", "/a", "a/", "a//b", "../a", "a/../../b", "."]) {
    await assertRejects(() => store.put(key, bytesSource(noise(1))), PgstrataError, "key");
  }
}

async function together(store: Store, large: number): Promise<void> {
  const contents = Array.from({ length: 5 }, (_, index) => noise(index === 0 ? large : 1000 + index, index + 10));
  await Promise.all(contents.map((content) => store.put("raced", bytesSource(content))));
  const left = sha256(await contentOf(store, "raced"));
  assert(contents.some((content) => sha256(content) === left), "what is left is one of them, whole");
}
