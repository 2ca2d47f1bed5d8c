import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  ArchiveError,
  ArchiveTruncatedError,
  BLOCK_END,
  type BlockEvent,
  chunkHead,
  dataBlockStart,
  largeObjectBlockStart,
  largeObjectStart,
} from "../../lib/archive/mod.ts";
import { accessBeyond, accessList, accessText } from "../../lib/inventory/access_list.ts";
import { superusersOf } from "../../lib/verify/apply_roles.ts";
import { BlockStream } from "../../lib/verify/block_stream.ts";
import { DataScript } from "../../lib/verify/data_script.ts";
import { sortErrors } from "../../lib/verify/extension_errors.ts";
import { RowsDigest } from "../../lib/verify/rows_digest.ts";
import { splitStatements } from "../../lib/verify/split_statements.ts";
import type { Toc, TocEntry } from "../../lib/archive/mod.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Hands bytes over in pieces of a size. */
function inPieces(bytes: Uint8Array, size: number, push: (piece: Uint8Array) => void): void {
  for (let at = 0; at < bytes.length; at += size) push(bytes.slice(at, at + size));
}

Deno.test("statements of a script stay whole: quotes, dollar quotes, comments", () => {
  const script = `--
-- Roles; many
--

SET a = 'x;y''z';
CREATE ROLE "a;""b";
ALTER ROLE x SET search_path TO E'a\\';b', 'c';
COMMENT ON ROLE x IS 'two
lines; -- no comment';
DO $$ BEGIN; END $$; /* c; */ DO $a$ $$;$$ $a$
;
`;
  assertEquals(splitStatements(script), [
    "SET a = 'x;y''z'",
    'CREATE ROLE "a;""b"',
    "ALTER ROLE x SET search_path TO E'a\\';b', 'c'",
    "COMMENT ON ROLE x IS 'two\nlines; -- no comment'",
    "DO $$ BEGIN; END $$",
    "/* c; */ DO $a$ $$;$$ $a$",
  ]);
});

Deno.test("superusers are read from roles.sql", () => {
  const script = 'ALTER ROLE anon WITH NOSUPERUSER INHERIT;\nALTER ROLE "the ""one" WITH SUPERUSER INHERIT;\n' +
    "ALTER ROLE postgres WITH SUPERUSER INHERIT PASSWORD 'x';";
  assertEquals(superusersOf(script), ['the "one', "postgres"]);
});

const ACCESS: readonly (readonly [
  before: readonly string[] | null,
  now: readonly string[] | null,
  widened: string[],
  lost: string[],
])[] = [
  [null, null, [], []],
  [null, ["o=arwdDxt/o"], [], []],
  // Servers of 17 and newer print MAINTAIN with all others.
  [null, ["o=arwdDxtm/o"], [], []],
  [null, ["o=arwdDxt/o", "=r/o"], ["SELECT to PUBLIC"], []],
  [["o=arwdDxt/o", "a=rw/o"], ["o=arwdDxt/o", "a=r/o"], [], ["UPDATE to a"]],
  [["a=r/o"], ["a=r*/o"], ["SELECT WITH GRANT OPTION to a"], []],
  [["a=r*/o"], ["a=r/o"], [], ["SELECT WITH GRANT OPTION to a"]],
  [['"x ""y"" =/"=r/o'], null, [], ['SELECT to x "y" =/']],
];

for (const [before, now, widened, lost] of ACCESS) {
  Deno.test(`access ${before} and ${now}: what is wider and what is lost`, () => {
    const was = accessList(before, "table", "o");
    const is = accessList(now, "table", "o");
    // The built-in list of a table gives everything to its owner.
    const withoutOwner = (list: string[]) => list.filter((text) => !text.endsWith("(owner)"));
    assertEquals(withoutOwner(accessBeyond(is, was)), widened);
    assertEquals(withoutOwner(accessBeyond(was, is)), lost);
  });
}

Deno.test("the owner has another name after a restore without owners", () => {
  const was = accessList(["old=r/old"], "table", "old");
  const is = accessList(["new=r/new"], "table", "new");
  assertEquals([accessBeyond(is, was), accessText(is)], [[], "(owner): SELECT"]);
});

Deno.test("the digest of rows does not depend on order or pieces, and sees every change", () => {
  const row = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\n", "\\n"));
  fc.assert(
    fc.property(fc.array(row, { maxLength: 20 }), fc.integer({ min: 1, max: 50 }), (rows, size) => {
      const digestOf = (list: readonly string[], pieces: number) => {
        const digest = new RowsDigest();
        inPieces(encode(list.map((text) => `${text}\n`).join("")), pieces, (piece) => digest.push(piece));
        return digest;
      };
      const whole = digestOf(rows, 1_000_000);
      assertEquals(whole.rows, rows.length);
      assert(whole.equals(digestOf(rows.toReversed(), size)));
      assertFalse(whole.equals(digestOf([...rows, ""], size)));
      const [first = "", ...rest] = rows;
      if (rows.length > 0) assertFalse(whole.equals(digestOf([`${first}x`, ...rest], size)));
      if (rows.length > 1 && rows[0] !== rows[1]) assertFalse(whole.equals(digestOf([rows[1] ?? "", ...rest], size)));
    }),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("digests of parts add up", () => {
  const digest = (text: string) => {
    const one = new RowsDigest();
    one.push(encode(text));
    return one;
  };
  const sum = digest("a\nb\n");
  sum.addAll(digest("c\n"));
  assert(sum.equals(digest("c\nb\na\n")));
});

/** Blocks: rows in two chunks, large objects (one with an oid beyond 2^31, as pg_dump writes it), an empty table. */
const BLOCKS = joined([
  dataBlockStart(7),
  chunkHead(3),
  encode("abc"),
  chunkHead(2),
  encode("de"),
  BLOCK_END,
  largeObjectBlockStart(8),
  largeObjectStart(4711),
  chunkHead(1),
  encode("x"),
  BLOCK_END,
  new Uint8Array([1, 2, 0, 0, 0]),
  BLOCK_END,
  BLOCK_END,
  dataBlockStart(9),
  BLOCK_END,
]);

Deno.test("blocks that come in pieces of any size are the same blocks", () => {
  for (const size of [1, 2, 3, 5, 7, 1000]) {
    const seen: string[] = [];
    const take = (event: BlockEvent) => {
      if (event.type === "chunk") {
        const text = new TextDecoder().decode(event.bytes);
        const last = seen.at(-1) ?? "";
        if (last.startsWith("'")) seen[seen.length - 1] = last + text;
        else seen.push(`'${text}`);
      } else {seen.push(
          event.type === "end" ? "end" : `${event.type} ${event.type === "large_object" ? event.oid : event.dumpId}`,
        );}
    };
    const stream = new BlockStream(100, 4, take);
    inPieces(BLOCKS, size, (piece) => stream.push(piece));
    stream.end();
    assertEquals(seen, [
      "data 7",
      "'abcde",
      "end",
      "large_objects 8",
      "large_object 4711",
      "'x",
      "end",
      "large_object 4294967294",
      "end",
      "end",
      "data 9",
      "end",
    ]);
  }
});

Deno.test("blocks that are damaged or end too early are errors with an offset", () => {
  const read = (bytes: Uint8Array) => {
    const stream = new BlockStream(100, 4, () => {});
    stream.push(bytes);
    stream.end();
  };
  for (const length of [1, 5, 8, 20]) assertThrows(() => read(BLOCKS.slice(0, length)), ArchiveError, "byte");
  assertEquals(assertThrows(() => read(encode("?")), ArchiveError).offset, 100);
  assertThrows(() => read(joined([dataBlockStart(7), chunkHead(1024 ** 3 + 1)])), ArchiveError, "a chunk's length is");
  // pg_dump without compression writes a chunk per row, and a row has up to 1 GiB.
  assertThrows(() => read(joined([dataBlockStart(7), chunkHead(1024 ** 3)])), ArchiveTruncatedError);
});

Deno.test("what pg_restore prints of data is read in pieces of any size", () => {
  const entry = (dumpId: number, copyStmt: string) => ({ dumpId, copyStmt }) as TocEntry;
  const entries = [
    entry(1, "COPY a (x) FROM stdin;\n"),
    entry(2, 'COPY "b\nc" (x) FROM stdin;\n'),
    entry(3, "COPY d  FROM stdin;\n"),
  ];
  const script = encode(
    '--\n-- Data for Name: a\n--\n\nCOPY a (x) FROM stdin;\n1\n\\\\.\n2\n\\.\n\n\n--\n-- x\n--\n\nCOPY "b\nc" (x) FROM stdin;\n\\.\n\n\n' +
      "SELECT pg_catalog.lo_open('4711', 131072);\nSELECT pg_catalog.lowrite(0, '\\x6869');\nSELECT pg_catalog.lo_close(0);\n\n" +
      "COPY d  FROM stdin;\n\n\n\\.\n\n\nSELECT pg_catalog.setval('s', 3, true);\n",
  );
  for (const size of [1, 2, 3, 7, 64, 10_000]) {
    const reader = new DataScript(entries, encode);
    inPieces(script, size, (piece) => reader.push(piece));
    reader.end();
    assertEquals([...reader.tables].map(([id, { rows, bytes }]) => [id, rows, bytes]), [[1, 3, 8], [2, 0, 0], [
      3,
      2,
      2,
    ]]);
    assertEquals(reader.largeObjects.map(({ oid, bytes }) => [oid, bytes]), [[4711, 2]]);
  }
  const cut = new DataScript(entries, encode);
  cut.push(script.slice(0, 60));
  assertThrows(() => cut.end(), ArchiveError, "ends within an entry");
});

function joined(parts: readonly Readonly<Uint8Array>[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

Deno.test("errors of an absent extension's rows are told by the relation, whatever entry a parallel worker's line was taken for", () => {
  const data = (dumpId: number, tag: string) => ({ dumpId, desc: "TABLE DATA", namespace: "my ext", tag }) as TocEntry;
  const toc = { entries: [data(1, "one"), data(2, "two")] } as unknown as Toc;
  const note = (relation: string) => ({
    dumpId: 2,
    table: null,
    object: "",
    message: `could not execute query: ERROR:  relation "my ext.${relation}" does not exist`,
  });
  const { errors, entries } = sortErrors([note("one"), note("two")], toc, new Set(["ext"]));
  assertEquals([errors.length, [...entries.keys()]], [0, [1, 2]]);
});
