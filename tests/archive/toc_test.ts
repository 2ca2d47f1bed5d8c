import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { join } from "@std/path";
import {
  ArchiveError,
  ArchiveTruncatedError,
  archiveVersion,
  bytesCodec,
  readToc,
  UnknownArchiveVersionError,
  utf8Codec,
  writeToc,
} from "../../lib/archive/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { testedMajors, type TestServer, testServer } from "../../scripts/test_server.ts";
import { pgText } from "../backup/backup_fixture.ts";

const VERSIONS: Readonly<Record<number, string>> = { 13: "1.14", 15: "1.14", 16: "1.15", 17: "1.16", 18: "1.16" };

async function dumpToc(
  server: TestServer,
  url: string,
  folder: string,
  format: "custom" | "directory",
): Promise<Uint8Array> {
  const path = join(folder, `${format}.dump`);
  await pgText(server.tools, "pg_dump", [`--format=${format}`, "-f", path, url]);
  return await Deno.readFile(format === "directory" ? join(path, "toc.dat") : path);
}

for (const major of testedMajors()) {
  const server = await testServer(major);
  for (const format of ["custom", "directory"] as const) {
    Deno.test(`a ${format} archive of pg_dump ${major} is read and written again byte for byte`, async () => {
      await using folder = await TempFolder.create();
      const database = await server.createDatabase("torture");
      const bytes = await dumpToc(server, database.url, folder.path, format);
      const { toc, length } = readToc(bytes);
      assertEquals(archiveVersion(toc.header), VERSIONS[major]);
      assertEquals(toc.header.format, format);
      assertEquals(toc.codec.name, "utf8");
      assert(writeToc(toc).every((byte, index) => byte === bytes[index]));
      assertEquals(writeToc(toc).length, length);
      await database.drop();
    });
  }
}

/** A small archive's table of contents, made once. */
const small = await (async () => {
  await using folder = await TempFolder.create();
  const server = await testServer();
  const database = await server.createDatabase({ sql: "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)" });
  return await dumpToc(server, database.url, folder.path, "directory");
})();

Deno.test("a table of contents cut short at any byte is truncated, not misread", () => {
  for (let length = 0; length < small.length; length++) {
    assertInstanceOf(assertThrows(() => readToc(small.subarray(0, length))), ArchiveError, `cut at ${length}`);
  }
  assertThrows(() => readToc(small.subarray(0, small.length - 1)), ArchiveTruncatedError);
});

Deno.test("bytes after the table of contents of a directory are a finding with their offset", () => {
  const longer = new Uint8Array([...small, 1, 2, 3]);
  const found = readToc(longer).findings.filter((finding) => finding.message.includes("follow the table"));
  assertEquals(found.map((finding) => finding.offset), [small.length]);
});

Deno.test("an unknown version is told apart from damage, so that the other engine can take over", () => {
  const newer = small.slice();
  newer[6] = 17;
  assertEquals(assertThrows(() => readToc(newer), UnknownArchiveVersionError).version, "1.17");
});

Deno.test("10 000 mutated tables of contents give findings or an ArchiveError, never anything else", () => {
  const change = fc.record({
    at: fc.nat({ max: small.length - 1 }),
    length: fc.nat({ max: 8 }),
    bytes: fc.uint8Array({ maxLength: 8 }),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      let bytes = small.slice();
      for (const { at, length, bytes: put } of changes) {
        bytes = new Uint8Array([...bytes.subarray(0, at), ...put, ...bytes.subarray(at + length)]);
      }
      try {
        readToc(bytes);
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        assert(error.offset >= 0 && error.offset <= bytes.length, `offset ${error.offset} of ${bytes.length}`);
      }
    }),
    { numRuns: 10_000, seed: 20261121 },
  );
});

Deno.test("a dump id that stands twice is a finding, a dependency on what pg_dump left out is none", () => {
  const { toc } = readToc(small);
  const [first] = toc.entries;
  assert(first);
  const odd = { ...toc, entries: [...toc.entries, { ...first, dependencies: [99_999] }] };
  const messages = readToc(writeToc(odd)).findings.map((finding) => finding.message);
  assertEquals(messages, [`the dump id ${first.dumpId} stands twice`]);
});

Deno.test("texts that are not UTF-8 come back byte for byte", () => {
  const { toc } = readToc(small);
  const latin = { ...toc, codec: bytesCodec, entries: toc.entries.map((entry) => ({ ...entry, tag: "caf\xe9" })) };
  const bytes = writeToc(latin);
  const again = readToc(bytes).toc;
  assertEquals(again.codec.name, "bytes");
  assertEquals(again.entries[0]?.tag, "caf\xe9");
  assertEquals(writeToc(again), bytes);
  assertThrows(() => utf8Codec.decode(new Uint8Array([0xe9])), TypeError);
});
