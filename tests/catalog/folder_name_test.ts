import { assert, assertEquals, assertLessOrEqual, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import {
  comparisonKey,
  decodeName,
  encodeName,
  encodeNames,
  LONGEST_FOLDER_NAME,
} from "../../lib/catalog/folder_name.ts";

const CASES: readonly (readonly [name: string, folder: string, why: string])[] = [
  ["orders", "orders", "a plain name stays"],
  ["Orders", "Orders", "upper case alone stays"],
  ["größe", "größe", "letters beyond ASCII stay"],
  ["my table", "my table", "a space inside stays"],
  ["_private", "_private", "an underscore stays"],
  ["a/b", "a%2Fb", "a slash is no separator"],
  ["a\\b", "a%5Cb", "nor is a backslash"],
  ["50%", "50%25", "the escape itself"],
  ["a%2Fb", "a%252Fb", "what looks encoded already"],
  [".", "%2E", "this folder"],
  ["..", "%2E%2E", "the folder above"],
  [".git", "%2Egit", "a hidden folder: artifacts leave those out"],
  ["-rf", "%2Drf", "a leading dash is an option"],
  ["tab\there", "tab%09here", "control characters"],
  ["line\nbreak", "line%0Abreak", "line breaks"],
  ["\x7f", "%7F", "delete"],
  ["a\u202eb", "a%E2%80%AEb", "text that turns direction"],
  ["a\u200bb", "a%E2%80%8Bb", "a space nobody sees"],
  [`x:*?"<>|`, "x%3A%2A%3F%22%3C%3E%7C", "what Windows and artifacts refuse"],
  ["dot.", "dot%2E", "a last dot, which Windows drops"],
  ["space ", "space%20", "a last space, which Windows drops"],
  ["con", "%63on", "a device of Windows"],
  ["NUL.txt", "%4EUL.txt", "a device of Windows with an extension"],
  ["com1", "%63om1", "a device with a number"],
  ["console", "console", "what only begins like a device"],
  ["db_full.dump", "%64b_full.dump", "our full archive"],
  ["DB_FULL.DUMP", "%44B_FULL.DUMP", "our full archive on a case-insensitive file system"],
  ["manifest.json.age", "%6Danifest.json.age", "our manifest, encrypted"],
  ["database_full_2026-01-01T00-00-00Z.dump", "%64atabase_full_2026-01-01T00-00-00Z.dump", "ci's full archive"],
  ["SHA256SUMS", "%53HA256SUMS", "our checksums"],
  ["x.partial", "x%2Epartial", "our suffix of unfinished folders"],
  ["x.Deleting", "x%2EDeleting", "our suffix of folders being removed"],
];

for (const [name, folder, why] of CASES) {
  Deno.test(`encodeName() makes ${JSON.stringify(name)} ${JSON.stringify(folder)}: ${why}`, () => {
    assertEquals(encodeName(name), folder);
    assertEquals(decodeName(folder), name);
  });
}

const TWINS: readonly (readonly [names: readonly string[], folders: readonly string[], why: string])[] = [
  [["orders", "Orders", "ORDERS"], ["orders", "%4Frders", "%4F%52%44%45%52%53"], "case twins"],
  [["été", "Été"], ["été", "%C3%89té"], "case twins beyond ASCII"],
  [["caf\u00e9", "cafe\u0301"], ["caf%C3%A9", "cafe%CC%81"], "composed and decomposed letters"],
  [["K", "\u212a"], ["%4B", "%E2%84%AA"], "the Kelvin sign is a K to Unicode"],
  [["straße", "STRASSE"], ["straße", "%53%54%52%41%53%53%45"], "sharp s"],
  [["σας", "ΣΑΣ"], ["σας", "%CE%A3%CE%91%CE%A3"], "final sigma"],
  [["maß", "MAẞ"], ["maß", "%4D%41%E1%BA%9E"], "capital sharp s"],
  [["Other", "orders"], ["Other", "orders"], "different names stay"],
  [["%4Frders", "orders", "Orders"], ["%254Frders", "orders", "%4Frders"], "a name that is the encoding of another"],
];

for (const [names, folders, why] of TWINS) {
  Deno.test(`encodeNames() keeps ${JSON.stringify(names)} apart: ${why}`, () => {
    const encoded = encodeNames(names);
    assertEquals([...encoded.keys()], [...names]);
    assertEquals([...encoded.values()], [...folders]);
    assertEquals(new Set([...encoded.values()].map(comparisonKey)).size, names.length);
  });
}

const nasty = fc.constantFrom(
  ..."aAbBkKsSiIßſẞıİÉéΣσςǅǆÅ\u212b\u212a\u0301\u030a\u037e;%/\\.:- \0\n\x7f\x85\u200d\ufe0f\u00ad\ufeff\u3000\uff0f％😀𝔸",
);
const name = fc.oneof(
  fc.string({ unit: nasty, minLength: 1, maxLength: 6 }),
  fc.string({ unit: "binary", minLength: 1, maxLength: 63 }),
  fc.constantFrom("con", "CON", "nul.x", "db_full.dump", "Roles.sql", "x.partial", "X.PARTIAL", "%", "%%", "%41"),
);

Deno.test("encodeNames() is injective on file systems that ignore case and normalise, for any siblings", () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 12 }), (names) => {
      const folders = [...encodeNames(names).values()];
      assertEquals(new Set(folders.map(comparisonKey)).size, names.length);
      for (const form of ["NFC", "NFD"] as const) {
        assertEquals(new Set(folders.map((folder) => folder.normalize(form).toLowerCase())).size, names.length);
        assertEquals(new Set(folders.map((folder) => folder.normalize(form).toUpperCase())).size, names.length);
      }
    }),
    { seed: 20260101, numRuns: 20_000 },
  );
});

Deno.test("decodeName() gives back every name that was not shortened", () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 8 }), (names) => {
      for (const [original, folder] of encodeNames(names)) {
        assertEquals(decodeName(folder), folder.includes("%~") ? null : original);
      }
    }),
    { seed: 20260102, numRuns: 20_000 },
  );
});

Deno.test("encodeNames() gives safe path parts only", () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 8 }), (names) => {
      for (const folder of encodeNames(names).values()) {
        assert(!/[/\\:*?"<>|\p{C}\p{Zl}\p{Zp}]/u.test(folder), folder);
        assert(!/^[-.]|[. ]$|^$/.test(folder), folder);
        assert(!/\.(?:partial|deleting)$/i.test(folder), folder);
        assert(!/^(?:con|nul|prn|aux|com\d|lpt\d)(?:\.|$)/i.test(folder), folder);
        assertLessOrEqual(new TextEncoder().encode(folder).length, LONGEST_FOLDER_NAME);
      }
    }),
    { seed: 20260103, numRuns: 20_000 },
  );
});

Deno.test("encodeNames() does not depend on the order of the siblings", () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 8 }), (names) => {
      const forwards = encodeNames(names);
      const backwards = encodeNames(names.toReversed());
      for (const one of names) assertEquals(forwards.get(one), backwards.get(one));
    }),
    { seed: 20260104, numRuns: 1_000 },
  );
});

Deno.test("encodeName() leaves any name of PostgreSQL's length whole, with room for the file names made of it", () => {
  const worst = "\u0001".repeat(63);
  const folder = encodeName(worst);
  assertEquals(folder.length, 189);
  assertEquals(decodeName(folder), worst);
  assertLessOrEqual(`${folder}_schema_2026-01-01T00-00-00Z.dump.age.partial`.length, 255);
});

Deno.test("encodeName() shortens names of servers with a larger NAMEDATALEN, and keeps them apart", () => {
  const one = encodeName(`${"ä".repeat(120)}1`);
  const other = encodeName(`${"ä".repeat(120)}2`);
  assertNotEquals(one, other);
  assertLessOrEqual(new TextEncoder().encode(one).length, LONGEST_FOLDER_NAME);
  assertEquals(decodeName(one), null);
});

Deno.test("decodeName() knows folders that are not ours", () => {
  for (const folder of ["50% off", "%zz", "%c3%a9", "%FF", "%C3"]) assertEquals(decodeName(folder), null);
});
