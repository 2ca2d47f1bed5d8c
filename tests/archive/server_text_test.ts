import { assertEquals, assertThrows } from "@std/assert";
import { decodeServerText } from "../../lib/archive/mod.ts";
import { testServer } from "../../scripts/test_server.ts";

const server = await testServer();

/** Every byte of the upper half that the encoding has, as PostgreSQL converts it. */
const ENCODINGS = ["LATIN1", "LATIN2", "LATIN5", "LATIN7", "LATIN9", "ISO_8859_5", "WIN1251", "WIN1252", "KOI8R"];

Deno.test("text of single-byte encodings is read as PostgreSQL converts it", async () => {
  const database = await server.createDatabase();
  for (const encoding of ENCODINGS) {
    // Bytes the encoding does not have are errors there.
    const bytes = Array.from({ length: 96 }, (_, index) => 0xa0 + index);
    const rows = await database.psql(`
      CREATE OR REPLACE FUNCTION pg_temp.one(b int) RETURNS text LANGUAGE plpgsql AS $$
      BEGIN RETURN convert_from(decode(to_hex(b), 'hex'), '${encoding}'); EXCEPTION WHEN others THEN RETURN NULL; END $$;
      SELECT b || ' ' || ascii(pg_temp.one(b)) FROM unnest('{${bytes}}'::int[]) AS b WHERE pg_temp.one(b) IS NOT NULL`);
    const wanted = rows.trim().split("\n").filter((row) => /^\d+ \d+$/.test(row)).map((row) =>
      row.split(" ").map(Number)
    );
    assertEquals(wanted.length > 80, true, encoding);
    for (const [byte = 0, code = 0] of wanted) {
      assertEquals(decodeServerText(Uint8Array.of(byte), encoding), String.fromCodePoint(code), `${encoding} ${byte}`);
    }
  }
});

Deno.test("an encoding that is not known, and bytes that are not of it, are errors", () => {
  assertThrows(() => decodeServerText(Uint8Array.of(65), "MULE_INTERNAL"), RangeError);
  assertThrows(() => decodeServerText(Uint8Array.of(0xff), "UTF8"), TypeError);
});
