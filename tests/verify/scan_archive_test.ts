import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { scanArchive } from "../../lib/verify/scan_archive.ts";
import { testServer } from "../../scripts/test_server.ts";
import { pgText } from "../backup/backup_fixture.ts";
import { scratchFolder } from "./verify_fixture.ts";

const server = await testServer();
const database = await server.createDatabase({
  sql: "CREATE TABLE t (a int, b text); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 40) i; " +
    "CREATE TABLE empty (a int); SELECT lo_from_bytea(4711, 'hello'), lo_from_bytea(4294967294, '')",
});
const folder = await scratchFolder();
const options = { pgRestore: null, rows: true, signal: new AbortController().signal };

/** pg_dump's own archive, compressed or not. */
async function archive(compress: 0 | 6): Promise<Uint8Array> {
  const path = join(folder, `${compress}.dump`);
  await pgText(server.tools, "pg_dump", ["--format=custom", `--compress=${compress}`, `--file=${path}`, database.url]);
  return await Deno.readFile(path);
}
const archives = [await archive(0), await archive(6)] as const;

Deno.test("archives of pg_dump itself, gzip or not, are read alike", async () => {
  const [plain, gzip] = [
    await scanArchive(join(folder, "0.dump"), options),
    await scanArchive(join(folder, "6.dump"), options),
  ];
  assertEquals([plain.findings, gzip.findings], [[], []]);
  assertEquals(gzip.tables, plain.tables);
  assertEquals(gzip.largeObjects, plain.largeObjects);
  assertEquals(plain.largeObjects.map(({ oid, bytes }) => [oid, bytes]), [[4711, 5], [4294967294, 0]]);
  assertEquals([...plain.tables.values()].map(({ rows }) => rows).sort(), [0, 40]);
});

/** What can happen to a file. */
const mutation = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), by: fc.integer({ min: 1, max: 5000 }) }),
  fc.record({ kind: fc.constant("truncate" as const), at: fc.nat(), by: fc.constant(0) }),
  fc.record({ kind: fc.constant("repeat" as const), at: fc.nat(), by: fc.integer({ min: 1, max: 5000 }) }),
  // Looks like a number of the format: sign and four bytes, as large as they come.
  fc.record({ kind: fc.constant("length" as const), at: fc.nat(), by: fc.nat({ max: 0xffffffff }) }),
);

Deno.test("10 000 mutated archives give findings or the same content, and never an error, a hang or much memory", async () => {
  const path = join(folder, "mutated.dump");
  let worst = 0;
  let found = 0;
  const before = ownMemory();
  let most = before;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1 }),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      async (which, list) => {
        const bytes = list.reduce(mutate, archives[which] ?? archives[0]);
        await Deno.writeFile(path, bytes);
        const begun = performance.now();
        const scan = await scanArchive(path, options);
        worst = Math.max(worst, performance.now() - begun);
        most = Math.max(most, ownMemory());
        if (scan.findings.length > 0) found++;
        for (const { offset } of scan.findings) {
          assert(
            offset === null || (offset >= 0 && offset <= bytes.length),
            `${offset}`,
          );
        }
      },
    ),
    { numRuns: 10_000, seed: 20260810, endOnFailure: true },
  );
  assert(found > 5_000, `only ${found} were found damaged`);
  assert(worst < 60_000, `the slowest took ${worst} ms`);
  assert(most - before < 500 * 1024 * 1024, `it took ${most - before} bytes`);
});

/** Bytes of this thread's heap and buffers: the process runs other test files beside this one. */
function ownMemory(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

function mutate(bytes: Uint8Array, { kind, at, by }: { kind: string; at: number; by: number }): Uint8Array {
  if (bytes.length === 0) return bytes;
  const place = at % bytes.length;
  switch (kind) {
    case "flip": {
      const copy = bytes.slice();
      copy[place] = (copy[place] ?? 0) ^ by;
      return copy;
    }
    case "cut":
      return joined(bytes.subarray(0, place), bytes.subarray(place + by));
    case "truncate":
      return bytes.slice(0, place);
    case "repeat":
      return joined(bytes.subarray(0, place), bytes.subarray(Math.max(0, place - by)));
    default: {
      const copy = bytes.slice();
      if (place + 5 <= copy.length) new DataView(copy.buffer).setUint32(place + 1, by, true);
      return copy;
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
