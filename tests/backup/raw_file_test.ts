import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { RawFile } from "../../lib/backup/raw_file.ts";
import { RAW_STATE } from "../../lib/backup/split_protocol.ts";
import { WorkerPool } from "../../lib/backup/worker_pool.ts";
import { hashFile, TempFolder } from "../../lib/system/mod.ts";
import { PgstrataError } from "../../lib/base/mod.ts";

function stateOf(state: number): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  shared[0] = state;
  return shared;
}

Deno.test("a raw file is read while it grows, by a worker, and is the same in the end", async () => {
  await using folder = await TempFolder.create();
  const rawPath = join(folder.path, "raw");
  const row = new TextEncoder().encode("1\tsome text of a row\n");
  const state = stateOf(RAW_STATE.growing);
  using pool = new WorkerPool(1);
  using raw = await Deno.open(rawPath, { write: true, create: true });
  const empty = new Uint8Array(0);
  const dataPath = join(folder.path, "data.sql");
  let seen = 0;
  const split = pool.run({
    type: "split_table",
    dumpId: 7,
    rawPath,
    blockPath: join(folder.path, "block"),
    compression: { algorithm: "gzip", level: 1 },
    data: { path: dataPath, head: empty, tail: empty },
    state,
  }, (bytes) => seen = bytes);
  const rows = 600_000;
  for (let index = 0; index < rows; index += 1000) {
    const piece = new Uint8Array(row.length * 1000);
    for (let at = 0; at < piece.length; at += row.length) piece.set(row, at);
    await raw.write(piece);
  }
  await raw.write(new TextEncoder().encode("\\.\n\n\n"));
  Atomics.store(state, 0, RAW_STATE.complete);
  Atomics.notify(state, 0);
  const result = await split;
  assertEquals([result.rows, result.bytes], [rows, rows * row.length]);
  assertEquals(result.dataSha256, (await hashFile(dataPath)).sha256);
  assertEquals(result.dataBytes, rows * row.length + 5);
  assertEquals(seen > 0, true, "progress was told");
});

Deno.test("a cancelled dump ends whoever waits for its bytes", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "raw");
  await Deno.writeTextFile(path, "half");
  using file = new RawFile(path, stateOf(RAW_STATE.cancelled));
  assertThrows(() => file.fill(new Uint8Array(10)), PgstrataError, "cancelled");
});

Deno.test("a pool that ends rejects what waits in it", async () => {
  await using folder = await TempFolder.create();
  const rawPath = join(folder.path, "raw");
  await Deno.writeTextFile(rawPath, "half");
  const pool = new WorkerPool(1);
  const job = {
    type: "split_table",
    dumpId: 1,
    rawPath,
    blockPath: null,
    compression: { algorithm: "none", level: 0 },
    data: null,
    state: stateOf(RAW_STATE.growing),
  } as const;
  const results = Promise.allSettled([pool.run(job), pool.run(job)]);
  pool[Symbol.dispose]();
  assertEquals((await results).map((result) => result.status), ["rejected", "rejected"]);
});
