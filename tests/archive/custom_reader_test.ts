import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { inflateSync } from "node:zlib";
import { join } from "@std/path";
import { ArchiveError, type BlockEvent, readBlocks, readToc } from "../../lib/archive/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { backUp, pgText } from "../backup/backup_fixture.ts";

const server = await testServer();

/** What the blocks of an archive hold, by dumpId or large object's oid. */
function contents(bytes: Uint8Array): Map<string, string> {
  const { length } = readToc(bytes);
  const found = new Map<string, string>();
  let key = "";
  let chunks: Uint8Array[] = [];
  for (const event of blocksOf(bytes, length)) {
    if (event.type === "data") key = `data ${event.dumpId}`;
    else if (event.type === "large_object") key = `object ${event.oid}`;
    else if (event.type === "chunk") chunks.push(event.bytes.slice());
    else if (event.type === "end") {
      const joined = new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
      if (chunks.length > 0) found.set(key, new TextDecoder().decode(inflateSync(joined)));
      chunks = [];
    }
  }
  return found;
}

function blocksOf(bytes: Uint8Array, start: number): Generator<BlockEvent> {
  let position = start;
  return readBlocks((length) => {
    const piece = bytes.subarray(position, position + length);
    position += piece.length;
    return piece;
  }, start);
}

/** Archives of the same database, ours and pg_dump's. */
const archives = await (async () => {
  await using folder = await TempFolder.create();
  const sql = "CREATE TABLE t (a int, b text); INSERT INTO t SELECT i, repeat('x', i) FROM generate_series(1, 900) i;" +
    "CREATE TABLE empty (a int); SELECT lo_from_bytea(4711, 'hello'), lo_from_bytea(4712, '');";
  const database = await server.createDatabase({ sql });
  const theirs = join(folder.path, "theirs.dump");
  await pgText(server.tools, "pg_dump", ["-Fc", "-f", theirs, database.url]);
  const ours = await backUp(database.url, folder.path, server.tools);
  return { theirs: await Deno.readFile(theirs), ours: await Deno.readFile(join(ours.folder, "db_full.dump")) };
})();

Deno.test("blocks of pg_dump's archive and of ours hold the same bytes", () => {
  const [theirs, ours] = [contents(archives.theirs), contents(archives.ours)];
  assertEquals([...ours.values()], [...theirs.values()]);
  assert([...ours.keys()].includes("object 4711"));
  assertEquals(ours.get("object 4711"), "hello");
});

Deno.test("an archive cut short anywhere in its blocks is an error with an offset", () => {
  const { length } = readToc(archives.ours);
  let whole = 0;
  for (let end = length; end < archives.ours.length; end++) {
    const cut = archives.ours.subarray(0, end);
    try {
      for (const _event of blocksOf(cut, length)) continue;
      whole++; // A cut between two blocks: what is missing shows in the table of contents.
    } catch (error) {
      assertInstanceOf(error, ArchiveError);
      assert(error.offset <= end);
    }
  }
  assert(whole <= 4, `${whole} cuts went unnoticed`);
});

Deno.test("10 000 mutated archives end or give an ArchiveError, within bounds", () => {
  const { length } = readToc(archives.ours);
  const change = fc.record({
    at: fc.integer({ min: length, max: archives.ours.length - 1 }),
    to: fc.nat({ max: 255 }),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const bytes = archives.ours.slice();
      for (const { at, to } of changes) bytes[at] = to;
      let events = 0;
      try {
        for (const _event of blocksOf(bytes, length)) assert(++events <= bytes.length, "more events than bytes");
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
      }
    }),
    { numRuns: 10_000, seed: 20261121 },
  );
});
