import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ArchiveError, CopyScript, countLines } from "../../lib/archive/mod.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Feeds a script in pieces of the given sizes, again and again. */
function part(
  script: string,
  sizes: readonly number[],
): { head: string; data: string; tail: string; statement: string | null } {
  const pieces: number[] = [];
  const reader = new CopyScript((bytes) => void pieces.push(...bytes));
  const bytes = encoder.encode(script);
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    reader.push(bytes.slice(start, start + size));
    start += size;
  }
  reader.end();
  return {
    head: reader.head,
    data: decoder.decode(new Uint8Array(pieces)),
    tail: reader.tail,
    statement: reader.copyStatement,
  };
}

Deno.test("a script is parted at its COPY statement and its end marker, however it is cut into pieces", () => {
  const cell = fc.stringMatching(/^[a-z\\.\t]{0,6}$/).filter((text) => text !== "\\.");
  fc.assert(
    fc.property(
      fc.array(cell, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (rows, sizes) => {
        const data = rows.map((row) => `${row}\n`).join("");
        const head = "-- head\nSET x = 1;\nCOPY s.t (a) FROM stdin;\n";
        assertEquals(part(`${head}${data}\\.\n\n\nSELECT 1;\n`, sizes), {
          head,
          data,
          tail: "\n\nSELECT 1;\n",
          statement: "COPY s.t (a) FROM stdin;\n",
        });
      },
    ),
    { numRuns: 500, seed: 1 },
  );
});

Deno.test("names with line breaks do not end the COPY statement", () => {
  const statement = 'COPY "a\nb" ("c;\nd") FROM stdin;\n';
  assertEquals(part(`-- x\n${statement}1\n\\.\n`, [3]).statement, statement);
});

Deno.test("a script without COPY is all head", () => {
  assertEquals(part("-- nothing\nSELECT 1;\n", [4]), {
    head: "-- nothing\nSELECT 1;\n",
    data: "",
    tail: "",
    statement: null,
  });
});

for (const cut of ["COPY t FROM stdin;\n1\n", "COPY t FROM stdin;\n1\n\\.", "COPY t FROM stdin;\n1\n\\"]) {
  Deno.test(`rows without an end marker are an error: ${JSON.stringify(cut)}`, () => {
    assertThrows(() => part(cut, [5]), ArchiveError, "do not end");
  });
}

Deno.test("lines are counted as a loop over the bytes counts them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 7 }), (bytes, start) => {
      const dense = bytes.map((byte) => byte % 3 === 0 ? 10 : byte % 5 === 0 ? 0x8a : byte);
      const piece = dense.subarray(Math.min(start, dense.length));
      assertEquals(countLines(piece), piece.filter((byte) => byte === 10).length);
    }),
    { numRuns: 2000, seed: 2 },
  );
});
