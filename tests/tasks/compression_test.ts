import { assertEquals, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { parseCompression } from "../../tasks/compression.ts";

for (
  const [text, algorithm, level] of [
    ["zstd", "zstd", 3],
    ["zstd:22", "zstd", 22],
    ["ZSTD:1", "zstd", 1],
    ["gzip", "gzip", 6],
    ["gzip:9", "gzip", 9],
    ["none", "none", 0],
  ] as const
) {
  Deno.test(`parseCompression() reads ${text}`, () => {
    assertEquals(parseCompression(text), { algorithm, level });
  });
}

for (const text of ["zstd:0", "zstd:23", "gzip:10", "gzip:", "none:1", "lz4", "zstd:3:4", ""]) {
  Deno.test(`parseCompression() refuses "${text}"`, () => {
    const error = assertThrows(() => parseCompression(text), PgstrataError);
    assertEquals(error.message, `Cannot read --compress: "${text}" is not a known compression`);
  });
}
